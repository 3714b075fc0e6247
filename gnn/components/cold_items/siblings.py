"""Siblings of cold items: the ranked items whose content is most like theirs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.data.content import Content
from gnn.scoring.cold_items import ColdItems, cold_feature_names

#: Siblings an item and view; a sibling counts by the square of its similarity.
NUM_SIBLINGS = 5

_BLOCK = 500


def cold_items(
    content: Content, place: NDArray[np.integer], *, weights: NDArray[np.float32] | None = None
) -> ColdItems:
    """The items at `place` (ranked indices, ascending) as cold ones among the others.

    `content` is that of all ranked items, in their order. Views: words, and where there are vectors also
    these and the sum of both similarities. `weights` as `ColdItems.weights`; without, a cold item scores what
    its siblings score by the last view.
    """
    num_ranked = len(content)
    is_cold = np.zeros(num_ranked, dtype=np.bool_)
    is_cold[place] = True
    known = np.flatnonzero(~is_cold)
    num_views = 3 if content.dense.shape[1] else 1
    shape = (num_views, len(place), min(NUM_SIBLINGS, len(known)))
    sibling, weight = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)
    if shape[2]:
        for start in range(0, len(place), _BLOCK):
            rows = place[start : start + _BLOCK]
            for view, likeness in enumerate(_similarities(content, rows, known, num_views)):
                nearest, by = _strongest(likeness, shape[2])
                sibling[view, start : start + len(rows)] = known[nearest]
                weight[view, start : start + len(rows)] = by
    return ColdItems(
        place=np.asarray(place, dtype=np.int32),
        sibling=sibling,
        sibling_weight=weight,
        group=content.group[:, place],
        ranked_group=np.where(is_cold, -1, content.group).astype(np.int32),
        weights=default_weights(num_views) if weights is None else weights,
    )


def default_weights(num_views: int) -> NDArray[np.float32]:
    """Weights by which a cold item scores the mean of its siblings by the last view."""
    weights = np.zeros(len(cold_feature_names(num_views)) + 1, dtype=np.float32)
    weights[num_views - 1] = 1.0
    return weights


def similarity(
    content: Content, rows: NDArray[np.integer], columns: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Cosine of words of the items at `rows` and `columns`, [R, C], plus that of vectors where there are."""
    return _similarities(content, rows, columns, 3 if content.dense.shape[1] else 1)[-1]


def _similarities(
    content: Content, rows: NDArray[np.integer], known: NDArray[np.integer], num_views: int
) -> list[NDArray[np.float32]]:
    words = np.asarray((content.words[rows] @ content.words[known].T).toarray(), dtype=np.float32)
    if num_views == 1:
        return [words]
    dense = content.dense[rows] @ content.dense[known].T
    return [words, dense, words + dense]


def _strongest(similarity: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The `k` nearest of each row, those of equal similarity in the order of columns, and their weights."""
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    by = np.maximum(np.take_along_axis(similarity, nearest, axis=1), 0) ** 2
    total = by.sum(axis=1, keepdims=True)
    return nearest, np.divide(by, total, out=np.zeros_like(by), where=total > 0)
