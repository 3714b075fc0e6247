"""Choose the unsold items of a catalogue that are served, and read their content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gnn.data.content import Content, read_content
from gnn.data.training_data import TrainingData
from gnn.scoring.catalogue import Catalogue

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
