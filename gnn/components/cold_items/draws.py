"""Draws: ranked items that are taken out of queries as if they were cold, and what the queries then say.

The items are taken out of carts, histories and scores. What is hidden from a query is one of them or another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.cold_items import ColdItems, ColdScorer
from gnn.scoring.item_scorer import Evidence, ItemScorer

#: What scores are divided by, so that they are log odds: a blend is fitted for its order, not for its scale.
TEMPERATURES = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0)

_BLOCK = 100


@dataclass(frozen=True)
class Draw:
    """Queries with some ranked items taken out."""

    features: NDArray[np.float32]
    """Of the items that were taken out, [num_queries, num_features, num_cold]."""
    log_mass: NDArray[np.float32]
    """log Σ exp(score / τ) over the known items that are not in the cart, by τ, [num_queries, num_τ]."""
    hidden: NDArray[np.int64]
    """Place of the hidden item among the cold ones, -1 where it is a known one, [num_queries]."""
    hidden_score: NDArray[np.float32]
    """Of a hidden known item, [num_queries]."""
    rank: NDArray[np.int64]
    """Of a hidden known item among the known ones, from 1, [num_queries]."""
    rank_among_all: NDArray[np.int64]
    """The same where the items that were taken out stand in the ranking and in histories, [num_queries]."""


def draw_queries(
    scorer: ItemScorer,
    cold: ColdItems,
    known: Sequence[Evidence],
    hidden: NDArray[np.integer],
    *,
    rng: np.random.Generator,
) -> Draw:
    """All queries that hide one of `cold`, and as many that do not."""
    is_cold = np.zeros(scorer.num_ranked, dtype=np.bool_)
    is_cold[cold.place] = True
    asks_cold = np.flatnonzero(is_cold[hidden])
    asks_known = rng.permutation(np.flatnonzero(~is_cold[hidden]))[: len(asks_cold)]
    rows = np.concatenate([asks_cold, asks_known])
    blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
    parts = [_measure(scorer, cold, [known[row] for row in part], hidden[part], is_cold) for part in blocks]
    return Draw(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _measure(
    scorer: ItemScorer,
    cold: ColdItems,
    known: Sequence[Evidence],
    hidden: NDArray[np.integer],
    is_cold: NDArray[np.bool_],
) -> tuple[NDArray[np.generic], ...]:
    """The columns of `Draw` for some queries."""
    cold_scorer = ColdScorer(cold)
    remembered = [_without_cart(evidence, is_cold) for evidence in known]
    stripped = [_without_history(evidence, is_cold) for evidence in remembered]
    every = scorer.weigh(scorer.features_of(remembered))
    scores = scorer.weigh(scorer.features_of(stripped))
    features = np.stack(
        [
            cold_scorer.features(
                row, cart=evidence.items, bought=evidence.history.item, counts=evidence.history.count
            )
            for row, evidence in zip(scores, stripped, strict=True)
        ]
    )
    for position, evidence in enumerate(stripped):
        every[position, evidence.items] = scores[position, evidence.items] = -np.inf
    scores[:, is_cold] = -np.inf
    highest = scores.max(axis=1, keepdims=True)
    hidden_score, rank = _standing(scores, hidden)
    return (
        features,
        np.stack(
            [np.log(np.exp((scores - highest) / t).sum(axis=1)) + highest[:, 0] / t for t in TEMPERATURES],
            axis=1,
        ),
        np.where(is_cold[hidden], np.searchsorted(cold.place, hidden), -1),
        hidden_score,
        rank,
        _standing(every, hidden)[1],
    )


def _standing(
    scores: NDArray[np.float32], hidden: NDArray[np.integer]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Score and rank of what is hidden from each query, [num_queries] each."""
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
