"""Cold items in the order of an answer, and who speaks for them."""

from __future__ import annotations

import numpy as np

from gnn.scoring.cold_model import ColdModel
from gnn.scoring.cold_slate import ColdSlate, beside


def test_an_empty_slate_has_no_items_and_no_siblings() -> None:
    slate = ColdSlate(ColdModel.none())

    assert len(slate) == 0
    assert len(slate.siblings(3)) == 0


def test_siblings_are_counted_among_the_ranked_items() -> None:
    # Items 0, 2 and 4 are ranked, 1 and 3 are cold; item 3 is like item 4 and a little like item 0.
    model = ColdModel(
        item=np.array([1, 3], dtype=np.int32),
        place=np.array([1, 3], dtype=np.int32),
        sibling=np.array([[[0, 2], [4, 0]]], dtype=np.int32),
        sibling_weight=np.array([[[1.0, 0.0], [0.8, 0.2]]], dtype=np.float32),
        group=np.full((3, 2), -1, dtype=np.int32),
        ranked_group=np.full((3, 5), -1, dtype=np.int32),
        weights=np.zeros(10, dtype=np.float32),
    )

    slate = ColdSlate(model)

    assert slate.siblings(3).tolist() == [2, 0]
    assert slate.siblings(1).tolist() == [0]
    assert slate.siblings(2).tolist() == []


def test_a_cold_item_stands_as_far_down_as_by_the_blend() -> None:
    blend = np.array([5.0, 3.0, 1.0], dtype=np.float32)
    served = np.array([10.0, 30.0, 20.0], dtype=np.float32)

    first, second, last = beside(served, blend, np.array([6.0, 4.0, 0.0], dtype=np.float32))

    # By what is served: 30, 20, 10. None, one and three items precede the cold ones by the blend.
    assert first > 30
    assert second == 30
    assert last == 10


def test_without_ranked_or_cold_items_nothing_moves() -> None:
    nothing = np.zeros(0, dtype=np.float32)

    assert beside(nothing, nothing, np.array([2.0], dtype=np.float32)).tolist() == [2.0]
    assert beside(np.ones(2, dtype=np.float32), np.ones(2, dtype=np.float32), nothing).tolist() == []
