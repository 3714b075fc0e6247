"""Which of a catalogue's cold items stand beside the ranked ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import Catalogue
from gnn.components.cold_items.fitting import COLD_SHARE

#: Cold items that any shop may have; larger catalogues have `COLD_SHARE` of what they rank.
LEAST_COLD = 1_000

#: New items that are linked to what they are like, at most.
MOST_LINKED = 5_000


def cold_of_catalogue(catalogue: Catalogue, ranked: NDArray[np.integer]) -> NDArray[np.int32]:
    """`choose_cold` of the items that `catalogue` offers, as many as leave room for what is known to sell.

    `ranked` is of item indices. A shop's catalogue may be full of what it never sold. Offered is what is in
    stock and has a category: an item without one has no group to stand in, and its title alone says too
    little.
    """
    return choose_cold(
        catalogue.baskets,
        catalogue.category,
        ranked,
        is_offered=catalogue.in_stock & (catalogue.category >= 0),
        most=max(LEAST_COLD, int(COLD_SHARE * len(ranked))),
    )


def newest_of_catalogue(catalogue: Catalogue, ranked: NDArray[np.integer]) -> NDArray[np.int32]:
    """`choose_cold` of the items in stock, `MOST_LINKED` at most: to have links costs the others no room."""
    return choose_cold(
        catalogue.baskets, catalogue.category, ranked, is_offered=catalogue.in_stock, most=MOST_LINKED
    )


def choose_cold(
    baskets: NDArray[np.integer],
    category: NDArray[np.integer],
    ranked: NDArray[np.integer],
    *,
    is_offered: NDArray[np.bool_],
    most: int,
) -> NDArray[np.int32]:
    """Item indices of at most `most` items that nobody bought, ascending.

    Those of the categories that sell most an item come first.

    Args:
        baskets: Baskets that hold each item, [num_items].
        category: Category of each item, -1 for none, [num_items].
        ranked: Item indices that are ranked already.
        is_offered: Items that may be taken, [num_items].
        most: How many are taken.
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
