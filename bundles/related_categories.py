"""Categories related to a category: bought together with its items, including predicted links."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundles.present.answers import RelatedCategory
from gnn.scoring.catalogue import Categories, CategoryLinks

#: Lift of two categories that are bought together as often as by chance.
_CHANCE = 1.0


class RelatedCategories:
    """Finds related categories of one artifact. Read-only."""

    def __init__(self, categories: Categories, links: CategoryLinks) -> None:
        self._categories, self._links = categories, links

    def find(self, category: int, *, count: int) -> list[RelatedCategory]:
        """The `count` categories of largest lift with a category index; ties by index.

        Links connect the categories that items are directly in. A category without links of its own takes
        those of its descendants: for each other category, the link of largest lift. Links to itself or its
        descendants, and links at or below chance, are left out.
        """
        others, lift = self._links.lift.indices, self._links.lift.values
        is_within = self._within(category)
        entry = self._entries([category])
        if not len(entry):
            entry = self._entries(np.flatnonzero(is_within).tolist())
        entry = entry[~is_within[others[entry]] & (lift[entry] > _CHANCE)]
        entry = entry[np.lexsort((others[entry], -lift[entry]))]
        # The first link to each category is the one of largest lift.
        _, first = np.unique(others[entry], return_index=True)
        best = entry[np.sort(first)[:count]].tolist()
        return [self._answer(place, rank=rank) for rank, place in enumerate(best, start=1)]

    def _entries(self, categories: list[int]) -> NDArray[np.int64]:
        """Positions of the links of `categories`."""
        slices = [self._links.lift.entries(row) for row in categories]
        rows = [np.arange(row.start, row.stop, dtype=np.int64) for row in slices]
        return np.concatenate([np.zeros(0, dtype=np.int64), *rows])

    def _within(self, category: int) -> NDArray[np.bool_]:
        """`category` and its descendants as a mask, [num_categories]."""
        parent = self._categories.parent
        above = np.arange(len(parent), dtype=np.int32)
        is_within: NDArray[np.bool_] = above == category
        while (above >= 0).any():
            above = np.where(above >= 0, parent[above], -1)
            is_within |= above == category
        return is_within

    def _answer(self, place: int, *, rank: int) -> RelatedCategory:
        other = int(self._links.lift.indices[place])
        return RelatedCategory(
            category_id=self._categories.category_ids[other],
            name=self._categories.names[other],
            lift=round(float(self._links.lift.values[place]), 3),
            baskets=int(self._links.baskets[place]),
            rank=rank,
        )
