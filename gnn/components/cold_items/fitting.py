"""Weights of cold items, learned from ranked ones that are taken out as if nobody had bought them.

A tenth of the ranked items is taken out of carts, histories and scores, and stands in as cold, four times
over. What is then hidden from a query is a cold item or a known one, and the weights maximise the likelihood
of a softmax over all of them, known items by their own scores (a conditional logit, McFadden 1974).

How much room cold items may take is not for the likelihood to say. What is taken out was known: the intercept
gives cold items the room that the same items had when they were ranked by what is known of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gnn.components.cold_items.draws import TEMPERATURES, Draw, draw_queries
from gnn.components.cold_items.siblings import cold_items
from gnn.data.content import Content
from gnn.evaluation.metrics import ndcg_at_k
from gnn.scoring.item_scorer import ItemQuery, ItemScorer

#: Cold items are at most this share of the ranked ones: what is taken out at once.
COLD_SHARE = 0.1

#: Cold queries under which nothing is fitted.
FEWEST_QUERIES = 100

#: Known items may lose this share of NDCG@20 to cold ones wherever known ones would cost them less.
LEAST_ROOM = 0.01

_NUM_DRAWS = 4
_RIDGE = 1e-4
_LARGEST_SHIFT = 8.0


def fit_cold_weights(
    scorer: ItemScorer,
    content: Content,
    queries: Sequence[ItemQuery],
    hidden: NDArray[np.integer],
    *,
    rng: np.random.Generator,
    warm_tolerance: float | None = None,
) -> NDArray[np.float32] | None:
    """`ColdItems.weights` for items that are to be ranked beside those of `scorer`.

    The intercept is as high as known items allow. With the cold items in the ranking they keep the NDCG@20
    that they had among the same items when these were known, or all but `LEAST_ROOM` of what they have with
    nothing in between, whichever is less.

    Args:
        scorer: Ranks known items alone.
        content: Of the items that `scorer` ranks, in their order.
        queries: Baskets with one item hidden, which the scorer's model has not seen.
        hidden: Ranked index of each hidden item.
        rng: Draws the items that are taken out.
        warm_tolerance: The share of NDCG@20 with nothing in between that known items may lose, 0 to 1, where
            it is given and not to be learned.

    Returns:
        None where fewer than `FEWEST_QUERIES` would teach.
    """
    num_cold = int(COLD_SHARE * scorer.num_ranked)
    order = rng.permutation(scorer.num_ranked)
    places = [np.sort(order[start * num_cold : (start + 1) * num_cold]) for start in range(_NUM_DRAWS)]
    if not num_cold or np.isin(hidden, np.concatenate(places)).sum() < FEWEST_QUERIES:
        return None
    known = [scorer.evidence(query) for query in queries]
    draws = [draw_queries(scorer, cold_items(content, place), known, hidden, rng=rng) for place in places]
    weights = _maximise_likelihood(draws)
    weights[-1] += _shift(draws, weights, least=_least_ndcg(draws, warm_tolerance))
    return weights


def _maximise_likelihood(draws: Sequence[Draw]) -> NDArray[np.float32]:
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


def _temperature(draws: Sequence[Draw]) -> tuple[float, torch.Tensor]:
    """The τ by which known items are likeliest to be what was hidden, and the log masses by it."""
    log_mass = np.concatenate([draw.log_mass for draw in draws]).astype(np.float32)
    score = np.concatenate([draw.hidden_score for draw in draws])
    is_known = np.concatenate([draw.hidden for draw in draws]) < 0
    surprise = log_mass[is_known] - score[is_known, np.newaxis] / np.array(TEMPERATURES)
    best = int(surprise.mean(axis=0).argmin())
    return TEMPERATURES[best], torch.from_numpy(log_mass[:, best].copy())


def _least_ndcg(draws: Sequence[Draw], warm_tolerance: float | None) -> float:
    """NDCG@20 of hidden known items that cold ones have to leave."""
    alone = _ndcg_of_known(draws, [draw.rank for draw in draws])
    if warm_tolerance is not None:
        return (1 - warm_tolerance) * alone
    among_all = _ndcg_of_known(draws, [draw.rank_among_all for draw in draws])
    return min(among_all, (1 - LEAST_ROOM) * alone)


def _shift(draws: Sequence[Draw], weights: NDArray[np.float32], *, least: float) -> float:
    """What may be added to all cold scores, by bisection, before known items have less than `least`."""
    # How far below the hidden item's score each cold item is.
    below = [
        draw.hidden_score[:, np.newaxis] - (weights[:-1] @ draw.features + weights[-1]) for draw in draws
    ]
    low, high = -_LARGEST_SHIFT, _LARGEST_SHIFT
    for _ in range(30):
        middle = (low + high) / 2
        ranks = [draw.rank + (gap < middle).sum(axis=1) for draw, gap in zip(draws, below, strict=True)]
        low, high = (middle, high) if _ndcg_of_known(draws, ranks) >= least else (low, middle)
    return low


def _ndcg_of_known(draws: Sequence[Draw], ranks: Sequence[NDArray[np.integer]]) -> float:
    """NDCG@20 over the queries that hide a known item, `ranks` of all queries by draw."""
    known = [rank[draw.hidden < 0] for draw, rank in zip(draws, ranks, strict=True)]
    return ndcg_at_k(np.concatenate(known).astype(np.float64), 20)
