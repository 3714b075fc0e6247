"""Metrics of one hidden item a query, ranked among all items except the cart's (full ranking)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.data.queries import CompletionQueries

#: Scores of all ranked items for some queries, [len(queries), num_ranked].
ScoreQueries = Callable[[CompletionQueries], NDArray[np.float32]]

#: Scores of one block: 18 MB, and six times that while a scorer sums its features.
_MAX_SCORES = 4_500_000


@dataclass(frozen=True)
class Ranking:
    """The ranks of the hidden items and the first items of each query, by one model."""

    ranks: NDArray[np.float64]
    """Rank of each query's hidden item as in `full_ranking`, [num_queries]."""
    shown: NDArray[np.int32]
    """The first K items of each query, best first, −1 where there are fewer, [num_queries, K]."""


def full_ranking(score: ScoreQueries, queries: CompletionQueries) -> NDArray[np.float64]:
    """Rank of each query's hidden item among all ranked items except the cart's, from 1, [num_queries].

    Items of equal score share the mean of their ranks, so that a constant score is no better than chance:
    rank = 1 + #higher + (#equal - 1) / 2.

    Raises:
        ValueError: If a score is not finite.
    """
    parts = [_ranks(scores, part.hidden) for part, scores in _masked_scores(score, queries)]
    return np.concatenate([np.zeros(0), *parts])


def rank_and_show(score: ScoreQueries, queries: CompletionQueries, *, k: int) -> Ranking:
    """`full_ranking` and the first `k` items of each query, in one pass over the scores.

    Items of equal score are shown by ascending index.

    Raises:
        ValueError: If a score is not finite.
    """
    ranks = np.zeros(len(queries))
    shown = np.full((len(queries), k), -1, dtype=np.int32)
    start = 0
    for part, scores in _masked_scores(score, queries):
        rows = slice(start, start + len(part))
        ranks[rows] = _ranks(scores, part.hidden)
        first = first_columns(scores, k)
        shown[rows, : first.shape[1]] = first
        start += len(part)
    return Ranking(ranks, shown)


def first_columns(scores: NDArray[np.float32], k: int) -> NDArray[np.int32]:
    """Columns of the `k` highest scores of each row, best first, [B, min(k, num_columns)].

    Equal scores are in ascending order of columns; −1 stands for a score of −∞, which is masked.
    """
    k = min(k, scores.shape[1])
    if not k:
        return np.zeros((len(scores), 0), dtype=np.int32)
    # Keep all scores above the k-th; fill up with the first columns of those equal to it.
    kth = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
    is_above = scores > kth
    is_equal = scores == kth
    room = k - is_above.sum(axis=1, keepdims=True)
    is_first = is_above | (is_equal & (np.cumsum(is_equal, axis=1) <= room))
    columns = np.nonzero(is_first)[1].reshape(len(scores), k)
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    columns = np.take_along_axis(columns, order, axis=1)
    is_masked = np.isneginf(np.take_along_axis(values, order, axis=1))
    return np.where(is_masked, -1, columns).astype(np.int32)


def _masked_scores(
    score: ScoreQueries, queries: CompletionQueries
) -> Iterator[tuple[CompletionQueries, NDArray[np.float32]]]:
    """Blocks of queries with their scores, −∞ for the cart's items, [B, num_ranked]."""
    block = block_size(queries)
    for start in range(0, len(queries), block):
        part = queries[start : start + block]
        scores = np.array(score(part), dtype=np.float32)
        if not np.isfinite(scores).all():
            raise ValueError("expected finite scores, found NaN or infinite ones")
        scores[part.carts.nonzero()] = -np.inf
        yield part, scores


def _ranks(scores: NDArray[np.float32], hidden: NDArray[np.int64]) -> NDArray[np.float64]:
    found = scores[np.arange(len(hidden)), hidden][:, np.newaxis]
    higher = (scores > found).sum(axis=1)
    equal = (scores == found).sum(axis=1)
    return np.asarray(1 + higher + (equal - 1) / 2)


def block_size(queries: CompletionQueries) -> int:
    """Number of queries to score at once, so that memory does not grow with the catalogue."""
    return max(_MAX_SCORES // max(queries.carts.shape[1], 1), 1)


def hit_rate_at_k(ranks: NDArray[np.float64], k: int) -> float:
    """Share of queries whose hidden item is among the first `k`: HR@K = mean [rank ≤ K].

    With one relevant item a query it equals Recall@K. 0 where there are no queries.
    """
    return float((ranks <= k).mean()) if len(ranks) else 0.0


def ndcg_gains(ranks: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """NDCG@K of each query: 1 / log₂(1 + rank) where rank ≤ K, else 0 (Järvelin & Kekäläinen 2002).

    With one relevant item the ideal DCG is 1.
    """
    return np.where(ranks <= k, 1 / np.log2(1 + ranks), 0.0)


def ndcg_at_k(ranks: NDArray[np.float64], k: int) -> float:
    """Mean of `ndcg_gains`; 0 where there are no queries."""
    return float(ndcg_gains(ranks, k).mean()) if len(ranks) else 0.0


def mean_reciprocal_rank(ranks: NDArray[np.float64]) -> float:
    """MRR = mean 1 / rank, not truncated; 0 where there are no queries."""
    return float((1 / ranks).mean()) if len(ranks) else 0.0


@dataclass(frozen=True)
class Interval:
    """A difference and its 95 % interval."""

    difference: float
    low: float
    high: float


def paired_interval(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    *,
    rng: np.random.Generator,
    num_samples: int = 2_000,
) -> Interval:
    """Mean of `ours` − `theirs` with a 95 % percentile interval (Efron & Tibshirani 1993, ch. 13).

    Values are per query, [num_queries], both in the same order. Each of the `num_samples` samples draws
    queries with replacement, the same for both models. All zeros where there are no queries.

    Raises:
        ValueError: If the two differ in length.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"expected values of the same queries, found {len(ours)} and {len(theirs)}")
    if not len(ours):
        return Interval(0.0, 0.0, 0.0)
    differences = ours - theirs
    means = np.empty(num_samples)
    for sample in range(num_samples):
        means[sample] = differences[rng.integers(len(differences), size=len(differences))].mean()
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(differences.mean()), float(low), float(high))
