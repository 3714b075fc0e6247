from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix

from gnn.components.category_prior import CategoryCounts, category_vectors, count_categories
from gnn.data.purchases import Purchases, UserEvents
from gnn.network.task import LearnedLinks
from tests.gnn.planted_links import purchases_of

#: Items 0 and 1 are of category 4, item 2 of 7, item 3 of 9, item 4 of none.
CATEGORY = np.array([4, 4, 7, 9, -1])
BASKETS = [(0, 1, 2), (0, 3), (2, 3, 4), (4,)]


def count(baskets: list[tuple[int, ...]]) -> CategoryCounts:
    return count_categories(purchases_of(5, baskets), CATEGORY, np.array([4, 7]))


def test_a_basket_counts_a_category_once_however_many_of_its_items_it_holds() -> None:
    counts = count(BASKETS)

    assert counts.alone.tolist() == [2, 2]
    assert counts.together.toarray().tolist() == [[0, 1], [1, 0]]
    assert counts.num_baskets == 4


def test_expected_baskets_are_the_product_of_the_shares() -> None:
    counts = count(BASKETS)

    assert counts.expected(np.array([0])).tolist() == [[2 * 2 / 4, 2 * 2 / 4]]


def test_later_counts_are_all_without_the_earlier_ones() -> None:
    later = count(BASKETS).after(count(BASKETS[:1]))

    assert later.alone.tolist() == [1, 1]
    assert later.together.nnz == 0
    assert later.num_baskets == 3


def test_lines_of_an_item_bought_twice_in_a_basket_are_one_basket() -> None:
    twice: Purchases = purchases_of(5, [(0, 2)])
    twice = replace(
        twice,
        lines=csr_matrix(twice.lines * 2),
        events=UserEvents(np.zeros(2, np.int64), np.zeros(0, np.int32), np.zeros(0)),
    )

    counts = count_categories(twice, CATEGORY, np.array([4, 7]))

    assert counts.together.toarray().tolist() == [[0, 1], [1, 0]]


def test_a_category_is_the_mean_of_its_items() -> None:
    source = np.array([[1.0, 0.0], [3.0, 2.0], [9.0, 9.0]], dtype=np.float32)
    nobody = np.zeros((0, 2), np.float32)
    links = LearnedLinks(source, 10 * source, source, np.zeros(3, np.float32), nobody, (0.0, 0.0))

    vectors = category_vectors(links, np.array([5, 5, 2]), np.array([2, 5]))

    assert vectors.source.tolist() == [[9, 9], [(1 + 3) / 2, (0 + 2) / 2]]
    assert vectors.target.tolist() == [[90, 90], [20, 10]]
