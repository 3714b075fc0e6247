"""Metrics of full rankings with several relevant candidates a user, such as all bundles (protocol A).

Recall divides by all relevant candidates, NDCG by the ideal DCG truncated at K; users without any are
skipped. The code of CrossCBR and MultiCBR has the same formulas, so that figures compare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.evaluation.metrics import first_columns

#: Scores of all candidates for some users (indices), [len(users), num_candidates].
ScoreUsers = Callable[[NDArray[np.int64]], NDArray[np.float32]]

_MAX_SCORES = 4_500_000


@dataclass(frozen=True)
class TopLists:
    """The first K candidates of each user with a relevant candidate."""

    users: NDArray[np.int64]
    """User indices, ascending, [U]."""
    shown: NDArray[np.int32]
    """Candidates, best first, −1 where fewer than K are not masked, [U, K]."""
    is_relevant: NDArray[np.bool_]
    """Whether each candidate shown is relevant, [U, K]."""
    num_relevant: NDArray[np.int64]
    """Number of relevant candidates, shown or not, at least 1, [U]."""


def rank_lists(
    score: ScoreUsers, relevant: csr_matrix, *, masked: csr_matrix, k: int, rng: np.random.Generator
) -> TopLists:
    """The first `k` candidates, without the `masked` ones, of each user with a relevant candidate.

    `relevant` and `masked` are [num_users, num_candidates]; any value but 0 counts. A relevant candidate that
    is masked is never shown and still counts as relevant. `rng` draws one order for all users that breaks
    ties, so that a constant score is no better than chance.

    Raises:
        ValueError: If a score is not finite.
    """
    relevant, masked = _places(relevant), _places(masked)
    num_relevant = np.diff(relevant.indptr)
    users = np.flatnonzero(num_relevant)
    num_candidates = relevant.shape[1]
    order = rng.permutation(num_candidates)
    shown = np.full((len(users), k), -1, dtype=np.int32)
    is_relevant = np.zeros((len(users), k), dtype=bool)
    block = max(_MAX_SCORES // max(num_candidates, 1), 1)
    for start in range(0, len(users), block):
        part = users[start : start + block]
        scores = np.array(score(part), dtype=np.float32)  # [B, num_candidates]
        if not np.isfinite(scores).all():
            raise ValueError("expected finite scores, found NaN or infinite ones")
        scores[masked[part].nonzero()] = -np.inf
        first = first_columns(scores[:, order], k)
        candidates = np.where(first >= 0, order[first], -1)
        held = relevant[part].toarray()
        found = np.take_along_axis(held, np.maximum(candidates, 0), axis=1) & (candidates >= 0)
        shown[start : start + block, : candidates.shape[1]] = candidates
        is_relevant[start : start + block, : candidates.shape[1]] = found
    return TopLists(users, shown, is_relevant, num_relevant[users].astype(np.int64))


def recalls_at_k(lists: TopLists, k: int) -> NDArray[np.float64]:
    """Recall@K of each user: |top-K ∩ relevant| / |relevant|, the denominator not clipped to K, [U]."""
    hits = np.asarray(lists.is_relevant[:, :k].sum(axis=1))
    return np.asarray(hits / lists.num_relevant, dtype=np.float64)


def hits_at_k(lists: TopLists, k: int) -> NDArray[np.float64]:
    """HR@K of each user: 1 where any relevant candidate is among the first K, else 0, [U]."""
    return np.asarray(lists.is_relevant[:, :k].any(axis=1), dtype=np.float64)


def ndcgs_at_k(lists: TopLists, k: int) -> NDArray[np.float64]:
    """NDCG@K of each user (Järvelin & Kekäläinen 2002, binary gains), [U].

    DCG = Σ_r [relevant at rank r] / log₂(1 + r), over DCG of min(|relevant|, K) hits at the first ranks.
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(lists.num_relevant, k)]
    found = lists.is_relevant[:, :k]
    return np.asarray(found @ discount[: found.shape[1]] / ideal)


def reciprocal_ranks_at_k(lists: TopLists, k: int) -> NDArray[np.float64]:
    """MRR@K of each user: 1 / rank of the first relevant candidate, 0 where that is above K, [U]."""
    found = lists.is_relevant[:, :k]
    return np.where(found.any(axis=1), 1 / (1 + found.argmax(axis=1)), 0.0)


def list_metrics(lists: TopLists, *, ks: Sequence[int]) -> dict[str, float]:
    """Means over users: `recall@K`, `ndcg@K`, `hr@K` and `mrr@K` for each of `ks`.

    Raises:
        ValueError: If no user has a relevant candidate, or the lists are shorter than a K.
    """
    if not len(lists.users):
        raise ValueError("expected a user with a relevant candidate, found none")
    if max(ks) > lists.shown.shape[1]:
        raise ValueError(f"expected lists of {max(ks)} or longer, found {lists.shown.shape[1]}")
    values = {
        "recall": recalls_at_k,
        "ndcg": ndcgs_at_k,
        "hr": hits_at_k,
        "mrr": reciprocal_ranks_at_k,
    }
    return {f"{name}@{k}": float(metric(lists, k).mean()) for k in ks for name, metric in values.items()}


def _places(matrix: csr_matrix) -> csr_matrix:
    """True where `matrix` is not 0, each place once."""
    places = csr_matrix(matrix, dtype=bool)
    places.sum_duplicates()
    places.eliminate_zeros()
    return places
