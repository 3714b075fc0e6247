"""Weights of cold items, learned from ranked ones that are taken out as if nobody had bought them.

A tenth of the ranked items is taken out of carts, histories and scores, and stands in as cold, four times
over. What is then hidden from a query is a cold item or a known one, and the weights maximise the likelihood
of a softmax over all of them, known items by their own scores (a conditional logit, McFadden 1974).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray

from gnn.cold.content import Content
from gnn.cold.items import ColdItems, ColdScorer
from gnn.cold.siblings import cold_items
from gnn.evaluation.metrics import ndcg_at_k
from gnn.scorer import Evidence, ItemQuery, ItemScorer

#: Cold items are at most this share of the ranked ones: what is taken out at once.
COLD_SHARE = 0.1

#: Cold queries under which nothing is fitted.
FEWEST_QUERIES = 100

#: Known items may lose this share of NDCG@20 to cold ones among them.
WARM_TOLERANCE = 0.01

#: What scores are divided by, so that they are log odds: a blend is fitted for its order, not for its scale.
_TEMPERATURES = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0)

_NUM_DRAWS = 4
_BLOCK = 100
_RIDGE = 1e-4
_LARGEST_SHIFT = 8.0


@dataclass(frozen=True)
class _Draw:
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


def fit_cold_weights(
    scorer: ItemScorer,
    content: Content,
    queries: Sequence[ItemQuery],
    hidden: NDArray[np.integer],
    *,
    rng: np.random.Generator,
    warm_tolerance: float = WARM_TOLERANCE,
) -> NDArray[np.float32] | None:
    """`ColdItems.weights` for items that are to be ranked beside those of `scorer`.

    The intercept is as high as known items allow: with the cold items in the ranking, they lose at most
    `warm_tolerance` of the NDCG@20 that they have without.

    Args:
        scorer: Ranks known items alone.
        content: Of the items that `scorer` ranks, in their order.
        queries: Baskets with one item hidden, which the scorer's model has not seen.
        hidden: Ranked index of each hidden item.
        rng: Draws the items that are taken out.
        warm_tolerance: A share, 0 to 1.

    Returns:
        None where fewer than `FEWEST_QUERIES` would teach.
    """
    num_cold = int(COLD_SHARE * scorer.num_ranked)
    order = rng.permutation(scorer.num_ranked)
    places = [np.sort(order[start * num_cold : (start + 1) * num_cold]) for start in range(_NUM_DRAWS)]
    if not num_cold or np.isin(hidden, np.concatenate(places)).sum() < FEWEST_QUERIES:
        return None
    known = [scorer.evidence(query) for query in queries]
    draws = [_draw(scorer, cold_items(content, place), known, hidden, rng=rng) for place in places]
    weights = _maximise_likelihood(draws)
    weights[-1] += _shift(draws, weights, warm_tolerance)
    return weights


def _draw(
    scorer: ItemScorer,
    cold: ColdItems,
    known: Sequence[Evidence],
    hidden: NDArray[np.integer],
    *,
    rng: np.random.Generator,
) -> _Draw:
    """All queries that hide one of `cold`, and as many that do not."""
    is_cold = np.zeros(scorer.num_ranked, dtype=np.bool_)
    is_cold[cold.place] = True
    asks_cold = np.flatnonzero(is_cold[hidden])
    asks_known = rng.permutation(np.flatnonzero(~is_cold[hidden]))[: len(asks_cold)]
    rows = np.concatenate([asks_cold, asks_known])
    blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
    parts = [_measure(scorer, cold, [known[row] for row in part], hidden[part], is_cold) for part in blocks]
    return _Draw(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _measure(
    scorer: ItemScorer,
    cold: ColdItems,
    known: Sequence[Evidence],
    hidden: NDArray[np.integer],
    is_cold: NDArray[np.bool_],
) -> tuple[NDArray[np.generic], ...]:
    """The columns of `_Draw` for some queries."""
    cold_scorer = ColdScorer(cold)
    stripped = [_without_history(_without_cart(evidence, is_cold), is_cold) for evidence in known]
    scores = scorer.weigh(scorer.features_of(stripped))
    features = np.stack(
        [
            cold_scorer.features(
                row, cart=evidence.items, bought=evidence.history.item, counts=evidence.history.count
            )
            for row, evidence in zip(scores, stripped, strict=True)
        ]
    )
    for row, evidence in zip(scores, stripped, strict=True):
        row[evidence.items] = -np.inf
    scores[:, is_cold] = -np.inf
    each = np.arange(len(hidden))
    highest = scores.max(axis=1, keepdims=True)
    hidden_score = scores[each, hidden]
    return (
        features,
        np.stack(
            [np.log(np.exp((scores - highest) / t).sum(axis=1)) + highest[:, 0] / t for t in _TEMPERATURES],
            axis=1,
        ),
        np.where(is_cold[hidden], np.searchsorted(cold.place, hidden), -1),
        hidden_score,
        1 + (scores > hidden_score[:, np.newaxis]).sum(axis=1),
    )


def _without_cart(evidence: Evidence, is_cold: NDArray[np.bool_]) -> Evidence:
    kept = ~is_cold[evidence.items]
    return replace(evidence, items=evidence.items[kept], attention=evidence.attention[kept])


def _without_history(evidence: Evidence, is_cold: NDArray[np.bool_]) -> Evidence:
    history = evidence.history
    kept = ~is_cold[history.item]
    columns = {field.name: getattr(history, field.name)[kept] for field in fields(history)}
    return replace(evidence, history=replace(history, **columns))


def _maximise_likelihood(draws: Sequence[_Draw]) -> NDArray[np.float32]:
    """Weights and intercept that make what was hidden likely, known or cold, on the scale of known scores."""
    inputs = torch.from_numpy(np.concatenate([draw.features for draw in draws])).transpose(1, 2)
    deviation = inputs.std(dim=(0, 1)).clamp_min(1e-3)
    temperature, log_mass = _temperature(draws)
    hidden = torch.from_numpy(np.concatenate([draw.hidden for draw in draws]).astype(np.int64))
    asks_cold = torch.nonzero(hidden >= 0)[:, 0]
    # Of all queries, as many hide a cold item as there are cold ones; half of these do.
    share = torch.where(hidden >= 0, COLD_SHARE / len(asks_cold), (1 - COLD_SHARE) / (hidden < 0).sum())
    weights = torch.zeros(inputs.shape[2] + 1)
    weights[-1] = float(log_mass.mean()) - np.log(inputs.shape[1] / COLD_SHARE)
    weights.requires_grad_()
    optimiser = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        scores = inputs @ (weights[:-1] / deviation) + weights[-1]
        chosen = log_mass.index_put((asks_cold,), scores[asks_cold, hidden[asks_cold]])
        surprise = torch.logaddexp(scores.logsumexp(dim=1), log_mass) - chosen
        value = (share * surprise).sum() + _RIDGE * weights[:-1].square().sum()
        value.backward()  # type: ignore[no-untyped-call]  # torch
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]  # torch
    found = weights.detach()
    return torch.cat([found[:-1] / deviation, found[-1:]]).mul(temperature).numpy()


def _temperature(draws: Sequence[_Draw]) -> tuple[float, torch.Tensor]:
    """The τ by which known items are likeliest to be what was hidden, and the log masses by it."""
    log_mass = np.concatenate([draw.log_mass for draw in draws]).astype(np.float32)
    score = np.concatenate([draw.hidden_score for draw in draws])
    is_known = np.concatenate([draw.hidden for draw in draws]) < 0
    surprise = log_mass[is_known] - score[is_known, np.newaxis] / np.array(_TEMPERATURES)
    best = int(surprise.mean(axis=0).argmin())
    return _TEMPERATURES[best], torch.from_numpy(log_mass[:, best].copy())


def _shift(draws: Sequence[_Draw], weights: NDArray[np.float32], warm_tolerance: float) -> float:
    """What may be added to all cold scores, by bisection, before known items lose too much."""
    asks_known = [draw.hidden < 0 for draw in draws]
    rank = np.concatenate([draw.rank[rows] for draw, rows in zip(draws, asks_known, strict=True)])
    # How far below the hidden item's score each cold item is.
    below = np.concatenate(
        [
            draw.hidden_score[rows, np.newaxis] - (weights[:-1] @ draw.features[rows] + weights[-1])
            for draw, rows in zip(draws, asks_known, strict=True)
        ]
    )
    least = (1 - warm_tolerance) * ndcg_at_k(rank.astype(np.float64), 20)
    low, high = -_LARGEST_SHIFT, _LARGEST_SHIFT
    for _ in range(30):
        middle = (low + high) / 2
        with_cold = rank + (below < middle).sum(axis=1)
        low, high = (middle, high) if ndcg_at_k(with_cold.astype(np.float64), 20) >= least else (low, middle)
    return low
