"""Trees learn an interaction that no weighted sum has, and serving loads them as they were fitted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gnn.components.boosted_trees import TreeParams, feature_gains, fit_ranker, group_gains
from gnn.scoring.trees import TreeEnsemble

SMALL = TreeParams(num_trees=30, learning_rate=0.2, num_leaves=8, min_rows_a_leaf=5)


def shortlists(num_queries: int, *, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Ten candidates a query, two features; the relevant one is the one whose features have equal signs."""
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], size=(num_queries, 10))
    relevance = np.zeros((num_queries, 10), dtype=np.int64)
    relevance[np.arange(num_queries), rng.integers(10, size=num_queries)] = 1
    other = np.where(relevance == 1, signs, -signs)
    features = np.stack([signs, other], axis=2) * rng.uniform(0.5, 1.0, size=(num_queries, 10, 2))
    return features.reshape(-1, 2).astype(np.float32), relevance.ravel()


def fit(num_queries: int = 200, *, seed: int = 0) -> NDArray[np.uint8]:
    features, relevance = shortlists(num_queries, seed=1)
    sizes = np.full(num_queries, 10)
    return fit_ranker(features, relevance, sizes, names=["left", "right"], seed=seed, params=SMALL)


def test_it_learns_the_interaction_of_two_features() -> None:
    features, relevance = shortlists(50, seed=2)

    scores = TreeEnsemble(fit()).score(features).reshape(50, 10)

    assert (scores.argmax(axis=1) == relevance.reshape(50, 10).argmax(axis=1)).all()


def test_the_same_seed_gives_the_same_trees() -> None:
    assert np.array_equal(fit(seed=3), fit(seed=3))


def test_scores_of_many_rows_are_those_of_one() -> None:
    trees = TreeEnsemble(fit())
    features, _ = shortlists(2, seed=4)

    one_by_one = [trees.score(features[row : row + 1])[0] for row in range(len(features))]

    assert trees.score(features).tolist() == one_by_one


def test_an_unknown_value_gets_a_finite_score() -> None:
    scores = TreeEnsemble(fit()).score(np.array([[np.nan, 1.0], [np.nan, np.nan]], dtype=np.float32))

    assert np.isfinite(scores).all()


def test_no_rows_have_no_scores() -> None:
    assert TreeEnsemble(fit()).score(np.zeros((0, 2), dtype=np.float32)).shape == (0,)


def test_shortlists_without_a_relevant_row_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a relevant row, found none"):
        fit_ranker(np.zeros((10, 1), np.float32), np.zeros(10, np.int64), np.array([10]), names=["x"], seed=0)


def test_bytes_that_are_no_trees_are_refused() -> None:
    with pytest.raises(ValueError, match="found other bytes: train again"):
        TreeEnsemble(np.arange(64, dtype=np.uint8))


def test_gains_show_which_features_were_used() -> None:
    features, relevance = shortlists(200, seed=1)
    with_noise = np.column_stack([features, np.random.default_rng(5).normal(size=len(features))])

    trees = fit_ranker(
        with_noise.astype(np.float32),
        relevance,
        np.full(200, 10),
        names=["left", "right", "noise"],
        seed=0,
        params=SMALL,
    )

    gains = feature_gains(trees, 3)
    assert gains.sum() == pytest.approx(1.0)
    assert gains[2] < min(gains[:2])
    by_group = group_gains(trees, {"sides": ("left", "right"), "noise": ("noise",)})
    assert by_group == pytest.approx({"sides": gains[0] + gains[1], "noise": gains[2]}, abs=1e-4)


def test_gains_are_counted_where_trees_split_known_from_unknown_values() -> None:
    rng = np.random.default_rng(6)
    is_known = rng.random(4_000) < 0.5
    features = np.stack([np.where(is_known, rng.random(4_000), np.nan), rng.random(4_000)], axis=1)

    trees = fit_ranker(
        features.astype(np.float32),
        (~is_known).astype(np.int64),
        np.full(40, 100),
        names=["known", "noise"],
        seed=0,
    )

    assert feature_gains(trees, 2) == pytest.approx([1.0, 0.0], abs=1e-6)
    scores = TreeEnsemble(trees).score(np.array([[np.nan, 0.5], [0.5, 0.5]], dtype=np.float32))
    assert scores[0] > scores[1]
