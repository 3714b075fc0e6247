"""Fitting the few weights that put the parts of the served score together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import block_size, ndcg_at_k
from gnn.scoring.item_scorer import FEATURES, ItemQuery, ItemScorer

_NUM_CANDIDATES = 500
_FACTORS = (0.0, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0)
_ROUNDS = 2


def scorer_queries(queries: CompletionQueries, ranked: NDArray[np.int32]) -> list[ItemQuery]:
    """`queries` as the scorer takes them; `ranked` is the item index of each ranked index."""
    carts = np.split(ranked[queries.carts.indices], queries.carts.indptr[1:-1])
    return [
        ItemQuery(cart=cart.tolist(), user_index=int(user) if user >= 0 else None)
        for cart, user in zip(carts, queries.users, strict=True)
    ]


def fit_blend(
    scorer: ItemScorer, queries: CompletionQueries, ranked: NDArray[np.int32], start: Mapping[str, float]
) -> dict[str, float]:
    """Weights of `gnn.scoring.item_scorer.FEATURES` that rank the hidden items of `queries` highest.

    First the maximum of Σ log softmax (a conditional logit, McFadden 1974) over the 500 best items by
    the weights `start`, the hidden one among them; then, one weight at a time, whatever multiple of it has
    the best NDCG@20 there.
    Weights are never negative: each feature is evidence for an item. `start` where there are no queries.
    """
    if not len(queries):
        return dict(start)
    begin = np.array([start[name] for name in FEATURES], dtype=np.float32)
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
    return {name: round(float(weight), 6) for name, weight in zip(FEATURES, weights, strict=True)}


def _candidate_features(
    scorer: ItemScorer, queries: CompletionQueries, ranked: NDArray[np.int32], weights: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Features of the best K items, the hidden one first, [N, F, K], and which are candidates, [N, K]."""
    num_candidates = min(_NUM_CANDIDATES, scorer.num_ranked)
    asked = scorer_queries(queries, ranked)
    kept, masks = [], []
    block = block_size(queries)
    for start in range(0, len(queries), block):
        part = queries[start : start + block]
        features = scorer.features(asked[start : start + block])
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


def best_top_k(ndcg_by_k: Sequence[tuple[int, float]], *, tolerance: float) -> int:
    """The smallest k whose NDCG is within `tolerance` of the best."""
    best = max(ndcg for _, ndcg in ndcg_by_k)
    return min(k for k, ndcg in ndcg_by_k if ndcg >= best - tolerance)
