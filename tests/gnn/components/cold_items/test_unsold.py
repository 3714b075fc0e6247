from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.cold_items.unsold import NUM_NEIGHBOURS, best_unsold, find_neighbours
from gnn.data.content import Content

#: Rows of length 1; 3 has the cosine .8 with 0 and .6 with 2.
WORDS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.8, 0, 0.6], [0, 0, 0]], dtype=np.float32)


def content(dense: np.ndarray | None = None) -> Content:
    given = np.zeros((len(WORDS), 0)) if dense is None else dense
    group = np.tile(np.arange(len(WORDS), dtype=np.int32), (3, 1))
    return Content(csr_matrix(WORDS), given.astype(np.float32), group, None)


def test_neighbours_are_weighted_by_the_square_of_their_similarity() -> None:
    cold = find_neighbours(content(), np.array([3]))

    weights = dict(zip(cold.neighbour[0, 0].tolist(), cold.neighbour_weight[0, 0].tolist(), strict=True))
    assert weights[0] == pytest.approx(0.8**2 / (0.8**2 + 0.6**2))
    assert weights[2] == pytest.approx(0.6**2 / (0.8**2 + 0.6**2))
    assert weights[1] == weights[4] == 0


def test_no_cold_item_is_a_neighbour_and_none_has_a_group_among_the_known() -> None:
    cold = find_neighbours(content(), np.array([0, 3]))

    assert not np.isin(cold.neighbour, [0, 3]).any()
    assert cold.ranked_group.tolist() == [[-1, 1, 2, -1, 4]] * 3
    assert cold.group.tolist() == [[0, 3]] * 3


def test_an_item_without_content_has_neighbours_of_no_weight() -> None:
    assert not find_neighbours(content(), np.array([4])).neighbour_weight.any()


def test_vectors_add_a_view_of_their_own_and_one_of_both() -> None:
    dense = np.array([[0, 1], [1, 0], [0, 1], [1, 0], [0, 0]])

    cold = find_neighbours(content(dense), np.array([3]))

    by_view = [
        dict(zip(items.tolist(), weights.tolist(), strict=True))
        for items, weights in zip(cold.neighbour[:, 0], cold.neighbour_weight[:, 0], strict=True)
    ]
    assert by_view[1][1] == 1
    assert by_view[2][1] == pytest.approx(1 / (1 + 0.8**2 + 0.6**2))


def test_where_all_are_cold_there_are_no_neighbours() -> None:
    cold = find_neighbours(content(), np.arange(5))

    assert cold.neighbour.shape == (1, 5, 0)


def test_a_shop_of_more_items_than_neighbours_keeps_the_nearest() -> None:
    words = csr_matrix(np.ones((9, 1), dtype=np.float32))
    many = Content(words, np.zeros((9, 0), dtype=np.float32), np.zeros((3, 9), dtype=np.int32), None)

    cold = find_neighbours(many, np.array([8]))

    assert cold.neighbour[0, 0].tolist() == list(range(NUM_NEIGHBOURS))


def test_unsold_items_on_offer_are_chosen_those_of_the_best_selling_categories_first() -> None:
    baskets = np.array([50, 9, 0, 0, 0, 0, 3, 0])
    category = np.array([0, 1, 1, 0, 0, -1, 0, 0])
    is_offered = np.array([True, True, True, True, False, True, True, True])

    cold = best_unsold(baskets, category, np.array([0, 1]), is_offered=is_offered, most=2)

    # 4 is not on offer, 6 was sold; 3 and 7 are of category 0, whose item is in 50 baskets.
    assert cold.tolist() == [3, 7]


def test_a_catalogue_of_sold_items_has_no_unsold_ones() -> None:
    cold = best_unsold(
        np.array([4, 5]), np.array([-1, -1]), np.array([0]), is_offered=np.ones(2, np.bool_), most=9
    )

    assert cold.tolist() == []
