from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries
from gnn.evaluation import metrics
from gnn.evaluation.metrics import (
    first_columns,
    full_ranking,
    hit_rate_at_k,
    mean_reciprocal_rank,
    ndcg_at_k,
    rank_and_show,
)

RANKS = st.lists(st.integers(1, 60), min_size=1).map(lambda values: np.array(values, dtype=np.float64))


def queries(carts: list[list[float]], hidden: list[int]) -> CompletionQueries:
    matrix = csr_matrix(np.array(carts, dtype=np.float32))
    nobody = np.full(len(hidden), -1, dtype=np.int64)
    return CompletionQueries(matrix, nobody, np.array(hidden), tuple(str(row) for row in range(len(hidden))))


def test_metrics_equal_what_a_hand_counts() -> None:
    ranks = np.array([1.0, 3.0, 21.0])

    assert hit_rate_at_k(ranks, 20) == pytest.approx(2 / 3)
    assert ndcg_at_k(ranks, 20) == pytest.approx((1 + 1 / log2(4) + 0) / 3)
    assert mean_reciprocal_rank(ranks) == pytest.approx((1 + 1 / 3 + 1 / 21) / 3)


def test_metrics_of_no_queries_are_zero() -> None:
    nothing = np.zeros(0)

    assert hit_rate_at_k(nothing, 20) == ndcg_at_k(nothing, 20) == mean_reciprocal_rank(nothing) == 0.0


@given(RANKS)
def test_metrics_lie_between_zero_and_one_and_grow_with_k(ranks: NDArray[np.float64]) -> None:
    for k in (1, 5, 20):
        assert 0.0 <= ndcg_at_k(ranks, k) <= hit_rate_at_k(ranks, k) <= hit_rate_at_k(ranks, k + 1) <= 1.0
    assert 0.0 < mean_reciprocal_rank(ranks) <= 1.0


def test_a_perfect_ranking_has_ndcg_one() -> None:
    assert ndcg_at_k(np.ones(7), 20) == 1.0


def test_the_items_of_the_cart_are_no_candidates() -> None:
    asked = queries([[1, 1, 0, 0]], [2])

    ranks = full_ranking(lambda part: np.array([[9.0, 8.0, 1.0, 0.0]], dtype=np.float32), asked)

    assert ranks.tolist() == [1.0]


def test_equal_scores_share_the_mean_of_their_ranks() -> None:
    asked = queries([[0, 0, 0, 0]], [2])

    ranks = full_ranking(lambda part: np.zeros((1, 4), dtype=np.float32), asked)

    assert ranks.tolist() == [(1 + 2 + 3 + 4) / 4]


def test_a_score_that_is_no_number_is_refused() -> None:
    asked = queries([[1, 0]], [1])

    with pytest.raises(ValueError, match="expected finite scores"):
        full_ranking(lambda part: np.array([[0.0, np.nan]], dtype=np.float32), asked)


def test_ranking_by_blocks_equals_ranking_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_MAX_SCORES", 6 * 500)
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(1_200, 6)).astype(np.float32)
    asked = queries(
        np.eye(6)[rng.integers(3, size=1_200)].tolist(), (3 + rng.integers(3, size=1_200)).tolist()
    )

    def score(part: CompletionQueries) -> NDArray[np.float32]:
        return scores[[int(basket) for basket in part.basket_ids]]

    one_by_one = [full_ranking(score, asked[row : row + 1])[0] for row in range(len(asked))]

    assert full_ranking(score, asked).tolist() == one_by_one


def test_what_is_shown_first_is_not_in_the_cart_and_best_first() -> None:
    asked = queries([[1, 0, 0, 0], [1, 0, 1, 1]], [2, 1])
    scores = np.array([[9, 1, 5, 5], [9, 8, 7, 6]], dtype=np.float32)

    found = rank_and_show(lambda part: scores[: len(part)], asked, k=3)

    assert found.ranks.tolist() == [1.5, 1.0]
    assert found.shown.tolist() == [[2, 3, 1], [1, -1, -1]]


def test_more_is_asked_for_than_there_is() -> None:
    found = rank_and_show(lambda part: np.zeros((1, 2), dtype=np.float32), queries([[0, 1]], [0]), k=4)

    assert found.shown.tolist() == [[0, -1, -1, -1]]


def test_nothing_is_shown_where_nothing_is_asked() -> None:
    nothing = queries([[0, 1]], [0])[:0]

    found = rank_and_show(lambda part: np.zeros((0, 2), dtype=np.float32), nothing, k=4)

    assert found.ranks.shape == (0,)
    assert found.shown.shape == (0, 4)


@given(arrays(np.float32, (3, 7), elements=st.integers(-2, 2).map(float)), st.integers(0, 9))
def test_the_first_columns_are_those_of_a_stable_sort(scores: NDArray[np.float32], k: int) -> None:
    assert first_columns(scores, k).tolist() == np.argsort(-scores, axis=1, kind="stable")[:, :k].tolist()
