"""Greedy composition: add the item that scores best for the bundle so far, and repeat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.composition.anchored import MAX_ADDED, AnchoredBaskets, Compose
from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import ScoreQueries

_BLOCK = 500


def greedily(score: ScoreQueries) -> Compose:
    """Bundles grown by `score`, with the bundle so far as the cart and the basket's user."""

    def compose(baskets: AnchoredBaskets) -> NDArray[np.int64]:
        blocks = range(0, len(baskets), _BLOCK)
        return np.concatenate([_grow(score, baskets, slice(start, start + _BLOCK)) for start in blocks])

    return compose


def at_once(score: ScoreQueries) -> Compose:
    """The best items for the anchor alone, whatever else the bundle holds: a ranking, not composed."""

    def compose(baskets: AnchoredBaskets) -> NDArray[np.int64]:
        added = []
        for start in range(0, len(baskets), _BLOCK):
            part = slice(start, start + _BLOCK)
            scores = _scores(score, baskets.anchors[part][:, None], baskets, part)
            added.append(np.argsort(-scores, axis=1, kind="stable")[:, :MAX_ADDED])
        return _cut_to_size(np.concatenate(added).astype(np.int64), baskets.num_added)

    return compose


def _grow(score: ScoreQueries, baskets: AnchoredBaskets, part: slice) -> NDArray[np.int64]:
    bundle = baskets.anchors[part][:, None]
    for _ in range(MAX_ADDED):
        best = np.argmax(_scores(score, bundle, baskets, part), axis=1)
        bundle = np.concatenate([bundle, best[:, None]], axis=1)
    return _cut_to_size(bundle[:, 1:], baskets.num_added[part])


def _scores(
    score: ScoreQueries, bundle: NDArray[np.int64], baskets: AnchoredBaskets, part: slice
) -> NDArray[np.float32]:
    """Scores for each bundle as a cart, -∞ for its own items, [len(bundle), num_ranked]."""
    num_bundles, size = bundle.shape
    ones = np.ones(bundle.size, dtype=np.float32)
    rows = np.arange(0, bundle.size + 1, size)
    carts = csr_matrix((ones, bundle.ravel(), rows), shape=(num_bundles, baskets.others.shape[1]))
    carts.sort_indices()
    users = baskets.users[part]
    hidden = np.zeros(num_bundles, dtype=np.int64)
    scores = np.array(score(CompletionQueries(carts, users, hidden, ("",) * num_bundles)), dtype=np.float32)
    np.put_along_axis(scores, bundle, -np.inf, axis=1)
    return scores


def _cut_to_size(added: NDArray[np.int64], num_added: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(np.arange(added.shape[1]) < num_added[:, None], added, -1)
