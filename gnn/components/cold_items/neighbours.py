"""Neighbours of cold items: the ranked items of the most similar content."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.data.content import Content
from gnn.scoring.cold_items import ColdItems, cold_feature_names

#: Neighbours of an item by each view; a neighbour is weighted by the square of its similarity.
NUM_NEIGHBOURS = 5

_BLOCK = 500


def find_neighbours(
    content: Content,
    place: NDArray[np.integer],
    *,
    item: NDArray[np.integer] | None = None,
    weights: NDArray[np.float32] | None = None,
) -> ColdItems:
    """The items at `place` as cold ones, with their neighbours among all others of `content`.

    The views of content are words, and where there are vectors also these and the sum of both similarities.

    Args:
        content: Of the ranked and the cold items, in the order of their ranked indices.
        place: Ranked indices of the cold items, ascending.
        item: Item index of each cold item; `place` itself where it is not given.
        weights: `ColdItems.weights`; `default_weights` where they are not given.
    """
    num_ranked = len(content)
    is_cold = np.zeros(num_ranked, dtype=np.bool_)
    is_cold[place] = True
    known = np.flatnonzero(~is_cold)
    num_views = 3 if content.dense.shape[1] else 1
    shape = (num_views, len(place), min(NUM_NEIGHBOURS, len(known)))
    neighbour, weight = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)
    if shape[2]:
        for start in range(0, len(place), _BLOCK):
            rows = place[start : start + _BLOCK]
            for view, similarities in enumerate(_views(content, rows, known, num_views)):
                nearest, by = _nearest(similarities, shape[2])
                neighbour[view, start : start + len(rows)] = known[nearest]
                weight[view, start : start + len(rows)] = by
    return ColdItems(
        item=np.asarray(place if item is None else item, dtype=np.int32),
        place=np.asarray(place, dtype=np.int32),
        neighbour=neighbour,
        neighbour_weight=weight,
        group=content.group[:, place],
        ranked_group=np.where(is_cold, -1, content.group).astype(np.int32),
        weights=default_weights(num_views) if weights is None else weights,
    )


def default_weights(num_views: int) -> NDArray[np.float32]:
    """Weights by which a cold item has the mean score of its neighbours by the last view."""
    weights = np.zeros(len(cold_feature_names(num_views)) + 1, dtype=np.float32)
    weights[num_views - 1] = 1.0
    return weights


def similarity(
    content: Content, rows: NDArray[np.integer], columns: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Cosine of words of the items at `rows` and `columns`, plus that of vectors if there are any, [R, C]."""
    return _views(content, rows, columns, 3 if content.dense.shape[1] else 1)[-1]


def _views(
    content: Content, rows: NDArray[np.integer], columns: NDArray[np.integer], num_views: int
) -> list[NDArray[np.float32]]:
    """The similarity by each view, [R, C]."""
    words = np.asarray((content.words[rows] @ content.words[columns].T).toarray(), dtype=np.float32)
    if num_views == 1:
        return [words]
    dense = content.dense[rows] @ content.dense[columns].T
    return [words, dense, words + dense]


def _nearest(similarity: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The `k` nearest of each row, equal ones in the order of columns, and their weights."""
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    by = np.maximum(np.take_along_axis(similarity, nearest, axis=1), 0) ** 2
    total = by.sum(axis=1, keepdims=True)
    return nearest, np.divide(by, total, out=np.zeros_like(by), where=total > 0)
