"""The unsold items of a catalogue: which are served, their content, and the ranked items nearest to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gnn.data.content import Content, read_content
from gnn.data.training_data import TrainingData
from gnn.scoring.catalogue import Catalogue
from gnn.scoring.cold_items import ColdItems, cold_feature_names

#: Cold items are at most this share of the ranked ones, in tuning and in serving.
COLD_SHARE = 0.1

#: Cold items that any shop may have; larger catalogues have `COLD_SHARE` of what they rank.
MIN_COLD = 1_000

#: Unsold items that get content links, at most.
MAX_LINKED = 5_000


@dataclass(frozen=True)
class UnsoldItems:
    """The unsold items that are served, and the content of these and of all ranked items."""

    cold: NDArray[np.int32]
    """Item indices that are ranked as cold items, ascending (`choose_cold`)."""
    linked: NDArray[np.int32]
    """Item indices that get content links, ascending (`choose_linked`)."""
    items: NDArray[np.int32]
    """Item indices of `content`, ascending: the ranked items, `cold` and `linked`."""
    content: Content


def read_unsold_items(
    data: TrainingData, catalogue: Catalogue, *, text_cache: Path | None
) -> UnsoldItems | None:
    """The unsold items of a shop and their content; none where all items in stock are sold.

    `text_cache` is that of `gnn.data.content.read_content`.
    """
    linked = choose_linked(catalogue, data.ranked)
    if not len(linked):
        return None
    cold = choose_cold(catalogue, data.ranked)
    items = np.union1d(np.union1d(data.ranked, linked), cold)
    content = read_content(data.tables, data.edges, items, text_cache=text_cache)
    return UnsoldItems(cold, linked, items, content)


def choose_cold(catalogue: Catalogue, ranked: NDArray[np.integer]) -> NDArray[np.int32]:
    """Item indices to rank as cold items beside the `ranked` ones, ascending (`best_unsold`).

    A shop's catalogue may be full of items that it never sold, so they are few enough to leave room for sold
    ones. They are in stock and have a category: without one, an item has no group to be scored by, and its
    title alone is too little.
    """
    is_offered = catalogue.in_stock & (catalogue.category >= 0)
    most = max(MIN_COLD, int(COLD_SHARE * len(ranked)))
    return best_unsold(catalogue.baskets, catalogue.category, ranked, is_offered=is_offered, most=most)


def choose_linked(catalogue: Catalogue, ranked: NDArray[np.integer]) -> NDArray[np.int32]:
    """Item indices to link by content, ascending: `best_unsold` of those in stock, `MAX_LINKED` at most."""
    return best_unsold(
        catalogue.baskets, catalogue.category, ranked, is_offered=catalogue.in_stock, most=MAX_LINKED
    )


def best_unsold(
    baskets: NDArray[np.integer],
    category: NDArray[np.integer],
    ranked: NDArray[np.integer],
    *,
    is_offered: NDArray[np.bool_],
    most: int,
) -> NDArray[np.int32]:
    """Item indices of at most `most` items that nobody bought, ascending.

    Those of the categories with the most baskets an item come first.

    Args:
        baskets: Baskets that hold each item, [num_items].
        category: Category of each item, -1 for none, [num_items].
        ranked: Item indices that are ranked already.
        is_offered: Items to choose from, [num_items].
        most: How many are chosen at most.
    """
    is_cold = is_offered & (baskets == 0)
    is_cold[ranked] = False
    found = np.flatnonzero(is_cold)
    # Items without a category are a group of their own, the last.
    groups = np.where(category >= 0, category, category.max(initial=-1) + 1)
    sold = np.bincount(groups[ranked], baskets[ranked], minlength=groups.max(initial=0) + 1)
    held = np.bincount(groups[ranked], minlength=len(sold))
    order = np.argsort(-(sold / np.maximum(held, 1))[groups[found]], kind="stable")
    return np.sort(found[order[:most]]).astype(np.int32)


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
