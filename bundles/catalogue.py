"""The catalogue for serving: items by id, by category and its descendants, prices in minor units."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bundles.present.pricing import minor_digits, to_amount, to_minor_units
from gnn.artifact.model import ModelArtifact
from gnn.scoring.containers import TextColumn

_T = TypeVar("_T", bound=np.generic)


class ItemCatalogue:
    """Columns over all items of `artifact`, and lookups by id and category. Read-only."""

    def __init__(self, artifact: ModelArtifact) -> None:
        self._titles = artifact.catalogue.titles
        self._categories = artifact.categories
        self.num_items = len(artifact.catalogue.item_ids)
        self.digits = minor_digits(artifact.info.currency)
        """Decimals of the shop's currency."""
        self.price = to_minor_units(artifact.catalogue.price, digits=self.digits)
        """Minor currency units, -1 without a price."""
        self.cost = artifact.catalogue.cost * 10**self.digits
        """Minor currency units, NaN without a cost."""
        self.in_stock = artifact.catalogue.in_stock
        self.baskets = artifact.catalogue.baskets
        self.leaf = artifact.catalogue.category
        """Category index of each item, -1 without one."""
        self.root = _of_items(self.leaf, artifact.categories.roots())
        """Index of each item's level-0 category, -1 without one."""
        self._item_ids = texts_of(artifact.catalogue.item_ids)
        self._index = {item_id: index for index, item_id in enumerate(self._item_ids)}

    def index_of(self, item_id: str) -> int | None:
        """Item index of `item_id`; None if the catalogue has no such item."""
        return self._index.get(item_id)

    def item_id(self, item: int) -> str:
        """External id of an item index."""
        return self._item_ids[item]

    def title(self, item: int) -> str:
        """Title of an item index; empty if the shop gives none."""
        return self._titles[item]

    def price_of(self, item: int) -> float | None:
        """Price of an item index in the shop's currency; None without one."""
        return to_amount(int(self.price[item]), digits=self.digits)

    def category_name(self, category: int) -> str:
        """Name of a category index."""
        return self._categories.names[category]

    def category_id(self, category: int) -> str:
        """Path of a category index, joined by ` > `."""
        return self._categories.category_ids[category]

    def category_of_path(self, path: str) -> int | None:
        """Category index of a path; None if the catalogue has no such category."""
        return self._categories.category_ids.find(path)

    def category_path(self, item: int) -> list[str]:
        """Category names of an item index, root first; empty without a category."""
        names: list[str] = []
        category = int(self.leaf[item])
        while category >= 0:
            names.append(self._categories.names[category])
            category = int(self._categories.parent[category])
        return names[::-1]

    def in_categories(self, categories: tuple[int, ...]) -> NDArray[np.bool_]:
        """Which items are in one of `categories` or their descendants, [num_items]."""
        parent = self._categories.parent
        is_wanted = np.zeros(len(parent), dtype=np.bool_)
        is_wanted[list(categories)] = True
        is_below = is_wanted.copy()
        above = parent
        while (above >= 0).any():
            is_below |= _of_items(above, is_wanted, missing=False)
            above = _of_items(above, parent)
        return _of_items(self.leaf, is_below, missing=False)

    @cached_property
    def has_costs(self) -> bool:
        """Whether any item has a cost; otherwise every margin is unknown."""
        return bool(np.isfinite(self.cost).any())

    @cached_property
    def by_popularity(self) -> NDArray[np.int64]:
        """All item indices, by descending number of baskets."""
        return np.argsort(-self.baskets, kind="stable")


def texts_of(column: TextColumn) -> list[str]:
    """All texts of `column`, decoded at once."""
    blob = column.blob.tobytes()
    ends = column.offsets.tolist()
    return [blob[start:end].decode() for start, end in pairwise(ends)]


def _of_items(index: NDArray[np.int32], values: NDArray[_T], *, missing: object = -1) -> NDArray[_T]:
    """`values[index]`, `missing` where the index is -1."""
    if not len(values):
        return np.full(len(index), missing, dtype=values.dtype)
    return np.where(index >= 0, values[index], np.asarray(missing, dtype=values.dtype))
