from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.evaluation import lists as lists_module
from gnn.evaluation.lists import (
    ScoreUsers,
    TopLists,
    hits_at_k,
    list_metrics,
    ndcgs_at_k,
    rank_lists,
    recalls_at_k,
    reciprocal_ranks_at_k,
)

# Bundles 0 to 4, scored 5, 4, 3, 2, 1 for everyone. User 0 chose 1, 3 and 4; user 1 nothing; user 2 bundle 0.
RELEVANT = csr_matrix(np.array([[0, 1, 0, 1, 1], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]))
NOTHING = csr_matrix((3, 5))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def by(scores: list[list[float]] | NDArray[np.float32]) -> ScoreUsers:
    table = np.asarray(scores, dtype=np.float32)
    return lambda users: table[users]


def falling() -> ScoreUsers:
    return by([[5, 4, 3, 2, 1]] * 3)


def test_users_without_a_relevant_bundle_are_left_out() -> None:
    found = rank_lists(falling(), RELEVANT, masked=NOTHING, k=3, rng=rng())

    assert found.users.tolist() == [0, 2]
    assert found.shown.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert found.is_relevant.tolist() == [[False, True, False], [True, False, False]]
    assert found.num_relevant.tolist() == [3, 1]


def test_metrics_equal_what_a_hand_counts() -> None:
    found = rank_lists(falling(), RELEVANT, masked=NOTHING, k=4, rng=rng())

    assert recalls_at_k(found, 4).tolist() == pytest.approx([2 / 3, 1])
    assert recalls_at_k(found, 2).tolist() == pytest.approx([1 / 3, 1])
    assert hits_at_k(found, 1).tolist() == [0, 1]
    assert reciprocal_ranks_at_k(found, 4).tolist() == [1 / 2, 1]
    dcg, ideal = 1 / log2(3) + 1 / log2(5), 1 + 1 / log2(3) + 1 / log2(4)
    assert ndcgs_at_k(found, 4).tolist() == pytest.approx([dcg / ideal, 1])
    assert ndcgs_at_k(found, 2).tolist() == pytest.approx([(1 / log2(3)) / (1 + 1 / log2(3)), 1])


def test_masked_bundles_are_not_shown() -> None:
    masked = csr_matrix(np.array([[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 1]]))

    found = rank_lists(falling(), RELEVANT, masked=masked, k=3, rng=rng())

    assert found.shown.tolist() == [[2, 3, 4], [0, -1, -1]]
    assert recalls_at_k(found, 3).tolist() == pytest.approx([2 / 3, 1])


def test_lists_end_where_the_catalogue_does() -> None:
    found = rank_lists(falling(), RELEVANT, masked=NOTHING, k=9, rng=rng())

    assert found.shown.shape == (2, 9)
    assert found.shown[0].tolist() == [0, 1, 2, 3, 4, -1, -1, -1, -1]
    assert recalls_at_k(found, 9).tolist() == [1, 1]


def test_a_constant_score_is_no_better_than_chance() -> None:
    relevant = csr_matrix(np.array([[1, 1] + [0] * 198] * 5))
    found = rank_lists(by([[1.0] * 200] * 5), relevant, masked=csr_matrix((5, 200)), k=20, rng=rng())

    assert recalls_at_k(found, 20).mean() < 1.0
    assert len({tuple(row) for row in found.shown.tolist()}) == 1


def test_a_matrix_that_counts_or_stores_zeros_has_the_same_places() -> None:
    counts = csr_matrix(np.array([[0, 7, 0, 2, 1], [3, 0, 0, 0, 0], [2, 0, 0, 0, 0]]))
    counts[1, 0] = 0

    found = rank_lists(falling(), counts, masked=NOTHING, k=3, rng=rng())

    assert found.users.tolist() == [0, 2]
    assert found.num_relevant.tolist() == [3, 1]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="expected finite scores"):
        rank_lists(by([[value, 4, 3, 2, 1]] * 3), RELEVANT, masked=NOTHING, k=3, rng=rng())


def test_metrics_of_no_user_and_of_too_short_lists_are_refused() -> None:
    nobody = rank_lists(falling(), NOTHING, masked=NOTHING, k=3, rng=rng())
    found = rank_lists(falling(), RELEVANT, masked=NOTHING, k=3, rng=rng())

    with pytest.raises(ValueError, match="a user with a relevant candidate"):
        list_metrics(nobody, ks=(3,))
    with pytest.raises(ValueError, match="lists of 20 or longer, found 3"):
        list_metrics(found, ks=(3, 20))


@st.composite
def cases(draw: st.DrawFn) -> TopLists:
    """Top lists of up to 12 users and 30 bundles, scores with ties, some bundles masked."""
    num_users, num_bundles = draw(st.integers(1, 12)), draw(st.integers(2, 30))
    made = np.random.default_rng(draw(st.integers(0, 10_000)))
    relevant = made.random((num_users, num_bundles)) < 0.3
    relevant[0, 0] = True
    masked = (made.random((num_users, num_bundles)) < 0.2) & ~relevant
    scores = made.integers(0, 6, size=(num_users, num_bundles)).astype(np.float32)
    return rank_lists(by(scores), csr_matrix(relevant), masked=csr_matrix(masked), k=20, rng=made)


@given(cases())
def test_metrics_lie_between_zero_and_one_and_recall_never_falls_with_k(found: TopLists) -> None:
    for metric in (recalls_at_k, hits_at_k, ndcgs_at_k, reciprocal_ranks_at_k):
        for k in (1, 3, 20):
            assert ((metric(found, k) >= 0) & (metric(found, k) <= 1 + 1e-12)).all()
    for k in range(1, 20):
        assert (recalls_at_k(found, k) <= recalls_at_k(found, k + 1)).all()
        assert (hits_at_k(found, k) <= hits_at_k(found, k + 1)).all()


@given(st.integers(1, 8), st.integers(0, 1_000))
def test_a_perfect_ranking_has_every_metric_one(num_users: int, seed: int) -> None:
    made = np.random.default_rng(seed)
    relevant = made.random((num_users, 15)) < 0.2
    relevant[0, 0] = True

    found = rank_lists(
        by(relevant.astype(np.float32)),
        csr_matrix(relevant),
        masked=csr_matrix((num_users, 15)),
        k=15,
        rng=made,
    )

    assert list_metrics(found, ks=(15,)) == pytest.approx(
        {"recall@15": 1, "ndcg@15": 1, "hr@15": 1, "mrr@15": 1}
    )
    assert ndcgs_at_k(found, 1).min() == 1


def test_users_in_blocks_equal_users_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = np.random.default_rng(2)
    relevant = csr_matrix(made.random((50, 30)) < 0.1)
    scores = by(made.normal(size=(50, 30)).astype(np.float32))
    masked = csr_matrix(made.random((50, 30)) < 0.3)
    at_once = rank_lists(scores, relevant, masked=masked, k=5, rng=rng())

    monkeypatch.setattr(lists_module, "_MAX_SCORES", 30 * 7)
    in_blocks = rank_lists(scores, relevant, masked=masked, k=5, rng=rng())

    assert np.array_equal(in_blocks.shown, at_once.shown)
    assert np.array_equal(in_blocks.is_relevant, at_once.is_relevant)
