"""Metrics of one hidden item a query, ranked among all items but the query's own (full ranking)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gnn.evaluation.queries import CompletionQueries

#: Scores of all ranked items for some queries, [len(queries), num_ranked].
ScoreQueries = Callable[[CompletionQueries], NDArray[np.float32]]

#: Scores that are held at once: 18 MB, and six times that while the scorer adds its features up.
_MAX_SCORES = 4_500_000


def full_ranking(score: ScoreQueries, queries: CompletionQueries) -> NDArray[np.float64]:
    """Rank of each query's hidden item among all ranked items without the cart's, from 1, [num_queries].

    Items of equal score share the mean of their ranks, so that a constant score is no better than chance:
    rank = 1 + #higher + (#equal - 1) / 2.

    Raises:
        ValueError: If a score is not finite.
    """
    ranks = np.empty(len(queries))
    block = block_size(queries)
    for start in range(0, len(queries), block):
        part = queries[start : start + block]
        scores = np.array(score(part), dtype=np.float32)  # [B, num_ranked]
        if not np.isfinite(scores).all():
            raise ValueError("expected finite scores, found NaN or infinite ones")
        scores[part.carts.nonzero()] = -np.inf
        found = scores[np.arange(len(part)), part.hidden][:, np.newaxis]
        higher = (scores > found).sum(axis=1)
        equal = (scores == found).sum(axis=1)
        ranks[start : start + block] = 1 + higher + (equal - 1) / 2
    return ranks


def block_size(queries: CompletionQueries) -> int:
    """How many of `queries` are scored at once, so that memory does not grow with the catalogue."""
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
