from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix

from gnn.components.category_links.counts import CategoryCounts, count_categories
from gnn.data.purchases import Purchases, UserEvents
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


def test_by_chance_two_categories_meet_as_their_shares_multiply() -> None:
    counts = count(BASKETS)

    assert counts.expected(np.array([0])).tolist() == [[2 * 2 / 4, 2 * 2 / 4]]


def test_what_came_after_is_all_without_what_came_before() -> None:
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
