"""Cold items: fitted to content, with weights tuned on ranked items that are held out as if they were cold.

A tenth of the ranked items is held out of carts, histories and scores, four times over. A query's hidden item
is then a cold or a known one, and the weights maximise the likelihood of a softmax over all of them, known
items by their own scores (a conditional logit, McFadden 1974).

The likelihood does not set the level of cold items. The intercept does, by how much NDCG known items may lose
to them: by default, as much as to the same items when these were ranked by their own purchases.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gnn.components.cold_items.holdout import TEMPERATURES, ColdHoldout, hold_out
from gnn.components.cold_items.unsold import COLD_SHARE, find_neighbours
from gnn.components.context import FitContext
from gnn.data.content import Content
from gnn.evaluation.metrics import ndcg_at_k
from gnn.scoring.cold_items import ColdItems
from gnn.scoring.item_scorer import ItemQuery, ItemScorer

#: Queries that hide a held-out item, below which nothing is fitted.
MIN_QUERIES = 100

#: Share of NDCG@20 that known items may lose to cold ones, where known ones would cost them less.
MIN_ROOM = 0.01

_NUM_HOLDOUTS = 4
_RIDGE = 1e-4
_MAX_SHIFT = 8.0


def fit_cold_items(context: FitContext) -> ColdItems:
    """The unsold items that are ranked; empty where there are none, or no weights were tuned for them."""
    weights = context.tuning.cold_weights
    if not len(weights):
        return ColdItems()
    unsold = context.unsold
    if unsold is None or not len(unsold.cold):
        return ColdItems()
    ranked = np.union1d(context.data.ranked, unsold.cold)
    content = unsold.content.of_items(np.flatnonzero(np.isin(unsold.items, ranked)))
    place = np.flatnonzero(np.isin(ranked, unsold.cold))
    return find_neighbours(content, place, item=unsold.cold, weights=weights)


def tune_cold_weights(
    scorer: ItemScorer,
    content: Content,
    queries: Sequence[ItemQuery],
    hidden: NDArray[np.integer],
    *,
    rng: np.random.Generator,
    warm_tolerance: float | None = None,
) -> NDArray[np.float32] | None:
    """`ColdItems.weights` for items that are to be ranked beside those of `scorer`.

    The intercept is as high as known items allow. With the cold items in the ranking, known ones keep the
    NDCG@20 that they have among the same items when these are known too, or all but `MIN_ROOM` of what they
    have with the cold items last, whichever is less.

    Args:
        scorer: Ranks known items alone.
        content: Of the items that `scorer` ranks, in their order.
        queries: Baskets with one item hidden, which the scorer's model was not fitted to.
        hidden: Ranked index of each hidden item.
        rng: Draws the items that are held out.
        warm_tolerance: The share of NDCG@20 with the cold items last that known items may lose, 0 to 1; none
            to set it by the held-out items, as above.

    Returns:
        None where fewer than `MIN_QUERIES` queries hide a held-out item.
    """
    num_cold = int(COLD_SHARE * scorer.num_ranked)
    order = rng.permutation(scorer.num_ranked)
    places = [np.sort(order[start * num_cold : (start + 1) * num_cold]) for start in range(_NUM_HOLDOUTS)]
    if not num_cold or np.isin(hidden, np.concatenate(places)).sum() < MIN_QUERIES:
        return None
    evidence = [scorer.evidence(query) for query in queries]
    holdouts = [
        hold_out(scorer, find_neighbours(content, place), evidence, hidden, rng=rng) for place in places
    ]
    weights = _maximise_likelihood(holdouts)
    weights[-1] += _shift(holdouts, weights, min_ndcg=_min_ndcg(holdouts, warm_tolerance))
    return weights


def _maximise_likelihood(holdouts: Sequence[ColdHoldout]) -> NDArray[np.float32]:
    """Weights and intercept that make hidden items likely, known or cold, on the scale of known scores."""
    inputs = torch.from_numpy(np.concatenate([each.features for each in holdouts])).transpose(1, 2)
    deviation = inputs.std(dim=(0, 1)).clamp_min(1e-3)
    temperature, log_mass = _temperature(holdouts)
    hidden = torch.from_numpy(np.concatenate([each.hidden for each in holdouts]).astype(np.int64))
    hides_cold = torch.nonzero(hidden >= 0)[:, 0]
    # Of all queries, the share that hides a cold item is that of cold items; here it is a half.
    share = torch.where(hidden >= 0, COLD_SHARE / len(hides_cold), (1 - COLD_SHARE) / (hidden < 0).sum())
    weights = torch.zeros(inputs.shape[2] + 1)
    weights[-1] = float(log_mass.mean()) - np.log(inputs.shape[1] / COLD_SHARE)
    weights.requires_grad_()
    optimiser = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        scores = inputs @ (weights[:-1] / deviation) + weights[-1]
        chosen = log_mass.index_put((hides_cold,), scores[hides_cold, hidden[hides_cold]])
        surprise = torch.logaddexp(scores.logsumexp(dim=1), log_mass) - chosen
        value = (share * surprise).sum() + _RIDGE * weights[:-1].square().sum()
        value.backward()  # type: ignore[no-untyped-call]  # torch
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]  # torch
    found = weights.detach()
    return torch.cat([found[:-1] / deviation, found[-1:]]).mul(temperature).numpy()


def _temperature(holdouts: Sequence[ColdHoldout]) -> tuple[float, torch.Tensor]:
    """The τ under which hidden known items are likeliest, and the log masses by it."""
    log_mass = np.concatenate([each.log_mass for each in holdouts]).astype(np.float32)
    score = np.concatenate([each.hidden_score for each in holdouts])
    is_known = np.concatenate([each.hidden for each in holdouts]) < 0
    surprise = log_mass[is_known] - score[is_known, np.newaxis] / np.array(TEMPERATURES)
    best = int(surprise.mean(axis=0).argmin())
    return TEMPERATURES[best], torch.from_numpy(log_mass[:, best].copy())


def _min_ndcg(holdouts: Sequence[ColdHoldout], warm_tolerance: float | None) -> float:
    """NDCG@20 of hidden known items that cold ones must leave."""
    alone = _ndcg_of_known(holdouts, [each.rank for each in holdouts])
    if warm_tolerance is not None:
        return (1 - warm_tolerance) * alone
    among_all = _ndcg_of_known(holdouts, [each.rank_among_all for each in holdouts])
    return min(among_all, (1 - MIN_ROOM) * alone)


def _shift(holdouts: Sequence[ColdHoldout], weights: NDArray[np.float32], *, min_ndcg: float) -> float:
    """The most that may be added to all cold scores, by bisection, with `min_ndcg` left for known items."""
    # How far below the hidden item's score each cold item is.
    below = [
        each.hidden_score[:, np.newaxis] - (weights[:-1] @ each.features + weights[-1]) for each in holdouts
    ]
    low, high = -_MAX_SHIFT, _MAX_SHIFT
    for _ in range(30):
        middle = (low + high) / 2
        ranks = [each.rank + (gap < middle).sum(axis=1) for each, gap in zip(holdouts, below, strict=True)]
        low, high = (middle, high) if _ndcg_of_known(holdouts, ranks) >= min_ndcg else (low, middle)
    return low


def _ndcg_of_known(holdouts: Sequence[ColdHoldout], ranks: Sequence[NDArray[np.integer]]) -> float:
    """NDCG@20 over the queries that hide a known item, `ranks` of all queries by holdout."""
    known = [rank[each.hidden < 0] for each, rank in zip(holdouts, ranks, strict=True)]
    return ndcg_at_k(np.concatenate(known).astype(np.float64), 20)
