from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest

from gnn.scoring.cold_items import ColdItems, ColdScorer, ColdSlate, insert_by_rank

NONE = np.zeros(0, dtype=np.int64)
NO_COUNTS = np.zeros(0, dtype=np.float32)
#: Ranked indices: 0 and 1 of category 0, 2 of category 1, 3 cold in category 0, 4 cold and without a group.
COLD = ColdItems(
    item=np.array([3, 4], dtype=np.int32),
    place=np.array([3, 4], dtype=np.int32),
    neighbour=np.array([[[0, 1], [2, 0]]], dtype=np.int32),
    neighbour_weight=np.array([[[0.75, 0.25], [1.0, 0.0]]], dtype=np.float32),
    group=np.array([[0, -1], [0, -1], [5, -1]], dtype=np.int32),
    ranked_group=np.array([[0, 0, 1, -1, -1], [0, 0, 1, -1, -1], [5, 6, 7, -1, -1]], dtype=np.int32),
    weights=np.zeros(10, dtype=np.float32),
)
SCORES = np.array([2.0, 1.0, 4.0, 99.0, 99.0], dtype=np.float32)


def features(item: int, **query: object) -> dict[str, float]:
    known = {"cart": NONE, "bought": NONE, "counts": NO_COUNTS} | query
    values = ColdScorer(COLD).features(SCORES, **known)  # type: ignore[arg-type]  # as `query` has it
    return dict(zip(COLD.feature_names, values[:, item].tolist(), strict=True))


def test_scores_of_neighbours_count_by_weight() -> None:
    assert features(0)["neighbours_0"] == 0.75 * 2.0 + 0.25 * 1.0
    assert features(1)["neighbours_0"] == 4.0


def test_mass_is_that_of_the_known_items_of_the_category_and_scores_of_cold_ones_are_not_read() -> None:
    found = features(0)

    mean = (np.exp(2.0 - 4.0) + np.exp(1.0 - 4.0)) / 2
    assert found["mass"] == pytest.approx(log(1e-6 + mean) + 4.0)
    assert found["crowd"] == pytest.approx(log(1 + 2))


def test_an_item_without_groups_has_the_least_mass() -> None:
    found = features(1, cart=np.array([2]), bought=np.array([2]), counts=np.array([5.0]))

    assert found["mass"] == pytest.approx(log(1e-6) + 4.0)
    assert [found["crowd"], found["in_cart_category"], found["bought_category"]] == [0, 0, 0]


def test_cart_and_history_count_by_group() -> None:
    found = features(0, cart=np.array([1, 2]), bought=np.array([0, 1, 2]), counts=np.array([3.0, 2.0, 9.0]))

    assert [found["in_cart_parent"], found["in_cart_category"], found["in_cart_category_brand"]] == [1, 1, 0]
    assert found["bought_category"] == pytest.approx(log(1 + 3 + 2))
    assert found["bought_category_brand"] == pytest.approx(log(1 + 3))


def test_the_score_weighs_the_features_and_adds_the_intercept() -> None:
    weights = np.zeros(10, dtype=np.float32)
    weights[[0, -1]] = 2.0, -0.5

    scores = ColdScorer(replace(COLD, weights=weights)).score(
        SCORES, cart=NONE, bought=NONE, counts=NO_COUNTS
    )

    assert scores.tolist() == [2.0 * 1.75 - 0.5, 2.0 * 4.0 - 0.5]


def test_a_model_without_cold_items_scores_none() -> None:
    none = replace(ColdItems(), ranked_group=np.full((3, 5), -1, dtype=np.int32), weights=COLD.weights)

    assert ColdScorer(none).score(SCORES, cart=NONE, bought=NONE, counts=NO_COUNTS).shape == (0,)


def test_an_empty_slate_has_no_items_and_no_neighbours() -> None:
    slate = ColdSlate(ColdItems())

    assert len(slate) == 0
    assert len(slate.neighbours(3)) == 0


def test_neighbours_are_ranked_indices() -> None:
    # Items 0, 2 and 4 are ranked, 1 and 3 are cold; item 3 is near item 4 and a little near item 0.
    model = ColdItems(
        item=np.array([1, 3], dtype=np.int32),
        place=np.array([1, 3], dtype=np.int32),
        neighbour=np.array([[[0, 2], [4, 0]]], dtype=np.int32),
        neighbour_weight=np.array([[[1.0, 0.0], [0.8, 0.2]]], dtype=np.float32),
        group=np.full((3, 2), -1, dtype=np.int32),
        ranked_group=np.full((3, 5), -1, dtype=np.int32),
        weights=np.zeros(10, dtype=np.float32),
    )

    slate = ColdSlate(model)

    assert slate.neighbours(3).tolist() == [2, 0]
    assert slate.neighbours(1).tolist() == [0]
    assert slate.neighbours(2).tolist() == []


def test_a_cold_item_keeps_the_rank_that_it_has_by_the_first_stage() -> None:
    first_stage = np.array([5.0, 3.0, 1.0], dtype=np.float32)
    served = np.array([10.0, 30.0, 20.0], dtype=np.float32)
    cold = np.array([6.0, 4.0, 0.0], dtype=np.float32)

    first, second, last = insert_by_rank(cold, first=first_stage, served=served)

    # Served scores are 30, 20, 10. None, one and three items precede the cold ones by the first stage.
    assert first > 30
    assert second == 30
    assert last == 10


def test_without_ranked_or_cold_items_scores_stay() -> None:
    nothing = np.zeros(0, dtype=np.float32)

    two, one = np.ones(2, dtype=np.float32), np.array([2.0], dtype=np.float32)
    assert insert_by_rank(one, first=nothing, served=nothing).tolist() == [2.0]
    assert insert_by_rank(nothing, first=two, served=two).tolist() == []
