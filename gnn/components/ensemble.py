"""Fit the few weights of the first-stage ensemble on validation queries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gnn.data.queries import CompletionQueries, item_queries
from gnn.evaluation.metrics import block_size, ndcg_at_k
from gnn.scoring.item_model import FEATURES, Ensemble
from gnn.scoring.item_scorer import ItemScorer

_NUM_CANDIDATES = 500
_FACTORS = (0.0, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0)
_ROUNDS = 2


def fit_ensemble(
    scorer: ItemScorer, queries: CompletionQueries, ranked: NDArray[np.int32], start: Ensemble
) -> Ensemble:
    """The weights that rank the hidden items of `queries` highest; `start` where there are no queries.

    First the maximum of Σ log softmax (a conditional logit, McFadden 1974) over the 500 best items by the
    weights `start`, the hidden one among them; then, one weight at a time, the multiple of it with the best
    NDCG@20. Weights are never negative: each feature is evidence for an item.
    """
    if not len(queries):
        return start
    begin = start.as_array()
    features, is_candidate = _candidate_features(scorer, queries, ranked, begin)
    weights = _maximise_likelihood(features, is_candidate, begin)
    weights = max((begin, weights), key=lambda tried: _ndcg(features, is_candidate, tried))
    best = _ndcg(features, is_candidate, weights)
    for _ in range(_ROUNDS):
        for position in range(len(FEATURES)):
            for factor in _FACTORS:
                tried = weights.copy()
                tried[position] *= factor
                ndcg = _ndcg(features, is_candidate, tried)
                if ndcg > best:
                    best, weights = ndcg, tried
    return Ensemble(*(round(float(weight), 6) for weight in weights))


def _candidate_features(
    scorer: ItemScorer, queries: CompletionQueries, ranked: NDArray[np.int32], weights: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Features of the best K items, the hidden one first, [N, F, K], and which are candidates, [N, K]."""
    num_candidates = min(_NUM_CANDIDATES, scorer.num_ranked)
    every = item_queries(queries, ranked)
    kept, masks = [], []
    block = block_size(queries)
    for start in range(0, len(queries), block):
        part = queries[start : start + block]
        features = scorer.features([scorer.evidence(query) for query in every[start : start + block]])
        scores = weights @ features
        scores[part.carts.nonzero()] = -np.inf
        scores[np.arange(len(part)), part.hidden] = np.inf
        best = np.argpartition(-scores, num_candidates - 1, axis=1)[:, :num_candidates]
        best_scores = np.take_along_axis(scores, best, axis=1)
        order = np.argsort(-best_scores, axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
        kept.append(np.take_along_axis(features, best[:, np.newaxis], axis=2))
        masks.append(np.take_along_axis(best_scores, order, axis=1) > -np.inf)
    return np.concatenate(kept), np.concatenate(masks)


def _maximise_likelihood(
    features: NDArray[np.float32], is_candidate: NDArray[np.bool_], begin: NDArray[np.float32]
) -> NDArray[np.float32]:
    inputs, mask = torch.from_numpy(features), torch.from_numpy(is_candidate)
    # √w is what is optimised, so that w stays at or above 0.
    root = torch.from_numpy(np.sqrt(np.maximum(begin, 1e-3))).requires_grad_()
    optimiser = torch.optim.LBFGS([root], max_iter=50, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        scores = torch.einsum("f,nfk->nk", root.square(), inputs).masked_fill(~mask, -torch.inf)
        value = (scores.logsumexp(dim=1) - scores[:, 0]).mean()
        value.backward()  # type: ignore[no-untyped-call]  # torch
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]  # torch
    weights: NDArray[np.float32] = root.detach().square().numpy()
    return weights if np.isfinite(weights).all() else begin


def _ndcg(
    features: NDArray[np.float32], is_candidate: NDArray[np.bool_], weights: NDArray[np.float32]
) -> float:
    scores = np.where(is_candidate, weights @ features, -np.inf)
    hidden = scores[:, :1]
    ranks = 1 + (scores > hidden).sum(axis=1) + ((scores == hidden).sum(axis=1) - 1) / 2
    return ndcg_at_k(ranks, 20)


def smallest_good_k(ndcg_by_k: Sequence[tuple[int, float]], *, tolerance: float) -> int:
    """The smallest k whose NDCG is within `tolerance` of the best."""
    best = max(ndcg for _, ndcg in ndcg_by_k)
    return min(k for k, ndcg in ndcg_by_k if ndcg >= best - tolerance)
