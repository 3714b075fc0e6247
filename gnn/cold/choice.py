"""Which of a catalogue's cold items stand beside the ranked ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.artifact import Catalogue
from gnn.cold.fitting import COLD_SHARE

#: Cold items that any shop may have; larger catalogues have `COLD_SHARE` of what they rank.
LEAST_COLD = 1_000


def cold_of_catalogue(catalogue: Catalogue, ranked: NDArray[np.integer]) -> NDArray[np.int32]:
    """`choose_cold` of the items that `catalogue` offers; `ranked` is of item indices.

    Offered is what is in stock and has a category: an item without one has no group to stand in, and its
    title alone says too little.
    """
    is_offered = catalogue.in_stock & (catalogue.category >= 0)
    return choose_cold(catalogue.baskets, catalogue.category, ranked, is_offered=is_offered)


def choose_cold(
    baskets: NDArray[np.integer],
    category: NDArray[np.integer],
    ranked: NDArray[np.integer],
    *,
    is_offered: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Item indices that are to be ranked though nobody bought them, ascending.

    Those of the categories that sell most an item come first, and no more are taken than leave room for what
    is known to sell: a shop's catalogue may be full of what it never sold.

    Args:
        baskets: Baskets that hold each item, [num_items].
        category: Category of each item, -1 for none, [num_items].
        ranked: Item indices that are ranked already.
        is_offered: Items that are in stock and have content, [num_items].
    """
    is_cold = is_offered & (baskets == 0)
    is_cold[ranked] = False
    found = np.flatnonzero(is_cold)
    most = max(LEAST_COLD, int(COLD_SHARE * len(ranked)))
    # Items without a category are a group of their own, the last.
    groups = np.where(category >= 0, category, category.max(initial=-1) + 1)
    sold = np.bincount(groups[ranked], baskets[ranked], minlength=groups.max(initial=0) + 1)
    held = np.bincount(groups[ranked], minlength=len(sold))
    order = np.argsort(-(sold / np.maximum(held, 1))[groups[found]], kind="stable")
    return np.sort(found[order[:most]]).astype(np.int32)
