from __future__ import annotations

from math import log

import numpy as np
import pytest

from gnn.scoring.cold_items import ColdItems, ColdScorer, cold_feature_names

NONE = np.zeros(0, dtype=np.int64)
NO_COUNTS = np.zeros(0, dtype=np.float32)
#: Ranked indices: 0 and 1 of category 0, 2 of category 1, 3 cold in category 0, 4 cold and without a group.
COLD = ColdItems(
    place=np.array([3, 4], dtype=np.int32),
    sibling=np.array([[[0, 1], [2, 0]]], dtype=np.int32),
    sibling_weight=np.array([[[0.75, 0.25], [1.0, 0.0]]], dtype=np.float32),
    group=np.array([[0, -1], [0, -1], [5, -1]], dtype=np.int32),
    ranked_group=np.array([[0, 0, 1, -1, -1], [0, 0, 1, -1, -1], [5, 6, 7, -1, -1]], dtype=np.int32),
    weights=np.zeros(10, dtype=np.float32),
)
SCORES = np.array([2.0, 1.0, 4.0, 99.0, 99.0], dtype=np.float32)


def features(item: int, **query: object) -> dict[str, float]:
    known = {"cart": NONE, "bought": NONE, "counts": NO_COUNTS} | query
    values = ColdScorer(COLD).features(SCORES, **known)  # type: ignore[arg-type]  # as `query` has it
    return dict(zip(COLD.feature_names, values[:, item].tolist(), strict=True))


def test_siblings_lend_their_scores_by_weight() -> None:
    assert features(0)["siblings_0"] == 0.75 * 2.0 + 0.25 * 1.0
    assert features(1)["siblings_0"] == 4.0


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
    cold = ColdItems(COLD.place, COLD.sibling, COLD.sibling_weight, COLD.group, COLD.ranked_group, weights)

    scores = ColdScorer(cold).score(SCORES, cart=NONE, bought=NONE, counts=NO_COUNTS)

    assert scores.tolist() == [2.0 * 1.75 - 0.5, 2.0 * 4.0 - 0.5]


def test_a_model_without_cold_items_scores_none() -> None:
    none = ColdItems(
        place=np.zeros(0, dtype=np.int32),
        sibling=np.zeros((1, 0, 0), dtype=np.int32),
        sibling_weight=np.zeros((1, 0, 0), dtype=np.float32),
        group=np.zeros((3, 0), dtype=np.int32),
        ranked_group=np.full((3, 5), -1, dtype=np.int32),
        weights=np.zeros(len(cold_feature_names(1)) + 1, dtype=np.float32),
    )

    assert ColdScorer(none).score(SCORES, cart=NONE, bought=NONE, counts=NO_COUNTS).shape == (0,)
