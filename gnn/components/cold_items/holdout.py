"""Hold ranked items out of queries as if they were cold: out of carts, histories and scores.

A query's hidden item is then either a held-out one or a known one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.cold_items import ColdItems, ColdScorer
from gnn.scoring.item_scorer import Evidence, ItemScorer

#: Divisors that turn scores into log odds: the ensemble is fitted to order items, not to a scale.
TEMPERATURES = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0)

_BLOCK = 100


@dataclass(frozen=True)
class ColdHoldout:
    """Queries with some ranked items held out."""

    features: NDArray[np.float32]
    """Of the held-out items, [num_queries, num_features, num_cold]."""
    log_mass: NDArray[np.float32]
    """log Σ exp(score / τ) over the known items that are not in the cart, by τ, [num_queries, num_τ]."""
    hidden: NDArray[np.int64]
    """Index of the hidden item among the held-out ones, -1 where it is a known one, [num_queries]."""
    hidden_score: NDArray[np.float32]
    """Of a hidden known item, [num_queries]."""
    rank: NDArray[np.int64]
    """Of a hidden known item among the known ones, from 1, [num_queries]."""
    rank_among_all: NDArray[np.int64]
    """The same with the held-out items left in histories and in the ranking, [num_queries]."""


def hold_out(
    scorer: ItemScorer,
    cold: ColdItems,
    evidence: Sequence[Evidence],
    hidden: NDArray[np.integer],
    *,
    rng: np.random.Generator,
) -> ColdHoldout:
    """Hold `cold` out of all queries that hide one of them, and of as many that do not.

    `evidence` is that of each query, `hidden` the ranked index that each hides.
    """
    is_cold = np.zeros(scorer.num_ranked, dtype=np.bool_)
    is_cold[cold.place] = True
    hides_cold = np.flatnonzero(is_cold[hidden])
    hides_known = rng.permutation(np.flatnonzero(~is_cold[hidden]))[: len(hides_cold)]
    rows = np.concatenate([hides_cold, hides_known])
    blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
    parts = [
        _measure(scorer, cold, [evidence[row] for row in part], hidden[part], is_cold) for part in blocks
    ]
    return ColdHoldout(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _measure(
    scorer: ItemScorer,
    cold: ColdItems,
    evidence: Sequence[Evidence],
    hidden: NDArray[np.integer],
    is_cold: NDArray[np.bool_],
) -> tuple[NDArray[np.generic], ...]:
    """The columns of `ColdHoldout` for some queries."""
    cold_scorer = ColdScorer(cold)
    with_history = [_without_cart(of_query, is_cold) for of_query in evidence]
    without = [_without_history(of_query, is_cold) for of_query in with_history]
    scores_of_all = scorer.weigh(scorer.features(with_history))
    scores = scorer.weigh(scorer.features(without))
    features = np.stack(
        [
            cold_scorer.features(
                row, cart=of_query.items, bought=of_query.history.item, counts=of_query.history.count
            )
            for row, of_query in zip(scores, without, strict=True)
        ]
    )
    for row, of_query in enumerate(without):
        scores_of_all[row, of_query.items] = scores[row, of_query.items] = -np.inf
    scores[:, is_cold] = -np.inf
    highest = scores.max(axis=1, keepdims=True)
    hidden_score, rank = _score_and_rank(scores, hidden)
    return (
        features,
        np.stack(
            [np.log(np.exp((scores - highest) / t).sum(axis=1)) + highest[:, 0] / t for t in TEMPERATURES],
            axis=1,
        ),
        np.where(is_cold[hidden], np.searchsorted(cold.place, hidden), -1),
        hidden_score,
        rank,
        _score_and_rank(scores_of_all, hidden)[1],
    )


def _score_and_rank(
    scores: NDArray[np.float32], hidden: NDArray[np.integer]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Score and rank of each query's hidden item, [num_queries] each."""
    own = scores[np.arange(len(hidden)), hidden]
    return own, 1 + (scores > own[:, np.newaxis]).sum(axis=1)


def _without_cart(evidence: Evidence, is_cold: NDArray[np.bool_]) -> Evidence:
    kept = ~is_cold[evidence.items]
    return replace(evidence, items=evidence.items[kept], attention=evidence.attention[kept])


def _without_history(evidence: Evidence, is_cold: NDArray[np.bool_]) -> Evidence:
    history = evidence.history
    kept = ~is_cold[history.item]
    columns = {field.name: getattr(history, field.name)[kept] for field in fields(history)}
    return replace(evidence, history=replace(history, **columns))
