from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.composition.anchored import (
    AnchoredBaskets,
    anchored_baskets,
    bundle_values,
    is_cross_department,
    means_of,
)
from gnn.data.queries import CompletionQueries

#: Items 0 to 5; 5 has no department.
ROOT = np.array([0, 0, 1, 1, 2, -1], dtype=np.int32)


def baskets(anchors: list[int], others: list[list[int]], num_added: list[int]) -> AnchoredBaskets:
    held = np.zeros((len(anchors), len(ROOT)), dtype=np.float32)
    for row, items in enumerate(others):
        held[row, items] = 1
    users = np.full(len(anchors), -1)
    return AnchoredBaskets(np.array(anchors), users, csr_matrix(held), np.array(num_added))


def test_the_hit_share_is_the_share_of_added_items_that_the_basket_held() -> None:
    anchored = baskets([0, 0], [[2, 4, 5], [1]], [3, 2])

    found = bundle_values(np.array([[2, 1, 5], [3, 4, -1]]), anchored, root=ROOT)

    assert found["hit share"].tolist() == [2 / 3, 0 / 2]
    assert found["any hit"].tolist() == [1, 0]
    # Departments 0 (anchor), 1, 0, none; then 0, 1, 2.
    assert found["departments"].tolist() == [2, 3]
    # Item 2 is of another department than the anchor, 5 of none, which is another one too.
    assert found["cross hit share"].tolist() == [2 / 3, 0]


def test_a_missing_item_is_a_miss_and_a_surplus_one_is_not_counted() -> None:
    anchored = baskets([0, 0], [[1, 2], [1, 2]], [3, 2])

    found = bundle_values(np.array([[1, -1, -1], [1, 3, 2]]), anchored, root=ROOT)

    assert found["hit share"].tolist() == [1 / 3, 1 / 2]


def test_means_are_over_the_baskets_that_are_kept() -> None:
    values = {"hit share": np.array([1.0, 0.0, 0.5])}

    assert means_of(values) == {"hit share": 1.5 / 3}
    assert means_of(values, np.array([True, False, True])) == {"hit share": 1.5 / 2}


def test_a_basket_is_cross_department_where_no_other_item_is_of_the_anchors_department() -> None:
    anchored = baskets([0, 0, 0], [[1, 2], [2, 5], []], [2, 2, 2])

    assert is_cross_department(anchored, ROOT).tolist() == [False, True, True]


def test_hidden_items_become_anchors_and_sizes_alternate() -> None:
    carts = csr_matrix(np.eye(3, 6, dtype=np.float32))
    hidden = CompletionQueries(carts, np.array([0, 1, -1]), np.array([3, 4, 5]), ("a", "b", "c"))

    anchored = anchored_baskets(hidden)

    assert anchored.anchors.tolist() == [3, 4, 5]
    assert (anchored.num_added + 1).tolist() == [3, 4, 3]
    assert anchored[1:].users.tolist() == [1, -1]
    assert anchored[1:].others.indices.tolist() == [1, 2]
