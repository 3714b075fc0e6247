"""Bundles that the merchandiser settled, as candidates: they need not be found to be considered."""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from bundles.rules.decided import Decided

#: Of the settled bundles that fit a request, so many are looked at: pinned ones, then the last decided about.
MAX_SETTLED = 40


def settled_items(
    decided: Decided, *, fixed: tuple[int, ...], may_join: NDArray[np.bool_], size_min: int, size_max: int
) -> NDArray[np.int64]:
    """Items of the settled bundles that hold `fixed` and, beside these, items that `may_join` alone.

    Args:
        decided: What was decided.
        fixed: Items of every bundle.
        may_join: Items that may be with them, [num_items].
        size_min: Least number of items.
        size_max: Greatest number of items.

    Returns:
        Item indices, each once, without `fixed`; empty where no settled bundle fits.
    """
    settled = [items for items in decided.settled if decided.sets[items].verdict != "rejected"]
    if not settled:
        return np.zeros(0, dtype=np.int64)
    sizes = np.array([len(items) for items in settled])
    flat = np.fromiter(chain.from_iterable(settled), dtype=np.int64, count=int(sizes.sum()))
    starts = np.cumsum(sizes) - sizes
    is_fixed = np.isin(flat, fixed)
    fits = (sizes >= size_min) & (sizes <= size_max)
    fits &= np.add.reduceat(is_fixed, starts, dtype=np.int64) == len(fixed)
    fits &= np.logical_and.reduceat(is_fixed | may_join[flat], starts)
    looked_at = np.flatnonzero(fits)[:MAX_SETTLED]
    is_wanted = np.repeat(np.isin(np.arange(len(settled)), looked_at), sizes) & ~is_fixed
    return np.unique(flat[is_wanted])


def settled_members(decided: Decided, items: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The settled bundles, rejected ones too, whose items are all among the candidates `items`, [K, P]."""
    place = {item: position for position, item in enumerate(items.tolist())}
    inside = [held for held in decided.settled if held <= place.keys()]
    members = np.zeros((len(inside), len(items)), dtype=np.bool_)
    for row, held in enumerate(inside):
        members[row, [place[item] for item in held]] = True
    return members
