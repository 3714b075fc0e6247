"""The shop's catalogue as serving reads it, and the links between its items and categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.containers import Csr, TextColumn, zeros_field

#: Rows of `item_codes`.
LEVELS = ("category", "parent", "root", "brand")


@dataclass(frozen=True)
class Catalogue:
    """All items, sorted by id; an *item index* is a row."""

    item_ids: TextColumn = TextColumn.of([])
    titles: TextColumn = TextColumn.of([])
    """Empty where a shop gives none."""
    category: NDArray[np.int32] = zeros_field(np.int32)
    """Index into `Categories`, -1 for none."""
    brand: NDArray[np.int32] = zeros_field(np.int32)
    """Brand code, -1 for none: equal codes are one brand."""
    price: NDArray[np.float64] = zeros_field(np.float64)
    """In the shop's currency, NaN for none."""
    cost: NDArray[np.float64] = zeros_field(np.float64)
    """NaN for none."""
    in_stock: NDArray[np.bool_] = zeros_field(np.bool_)
    baskets: NDArray[np.int64] = zeros_field(np.int64)
    """Purchase baskets that hold the item: its popularity."""


@dataclass(frozen=True)
class Categories:
    """The category tree, sorted by `category_id`."""

    category_ids: TextColumn = TextColumn.of([])
    names: TextColumn = TextColumn.of([])
    parent: NDArray[np.int32] = zeros_field(np.int32)
    """Index of the parent, -1 for a root."""
    level: NDArray[np.int32] = zeros_field(np.int32)
    """0 for a root."""

    def roots(self) -> NDArray[np.int32]:
        """Index of the level-0 category above each category; a root's is its own."""
        root = np.arange(len(self.parent), dtype=np.int32)
        while ((above := self.parent[root]) >= 0).any():
            root = np.where(above >= 0, above, root)
        return root


def item_codes(catalogue: Catalogue, categories: Categories, ranked: NDArray[np.int32]) -> NDArray[np.int32]:
    """Codes of the category, the one above it, its root, and the brand of each ranked item.

    Rows are `LEVELS`, columns the item indices `ranked`, [4, num_ranked]; -1 for none. Items whose codes of
    a level are equal are of one category or brand.
    """
    category = catalogue.category[ranked]
    # The last place is that of items without a category.
    above = (np.append(codes, -1)[category] for codes in (categories.parent, categories.roots()))
    return np.stack([category, *above, catalogue.brand[ranked]]).astype(np.int32)


@dataclass(frozen=True)
class CountedLinks:
    """Links with the number of baskets behind each; rows and columns are indices of one kind of node."""

    lift: Csr = Csr()
    """How many times as often as by chance a basket holds both."""
    baskets: NDArray[np.int64] = zeros_field(np.int64)
    """Baskets that hold both, by entry of `lift`."""

    def row(self, index: int) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.floating]]:
        """The others that `index` is linked to, the baskets with both, and the lifts."""
        entries = self.lift.entries(index)
        return self.lift.indices[entries], self.baskets[entries], self.lift.values[entries]


@dataclass(frozen=True)
class CoPurchases(CountedLinks):
    """Counted item pairs, each in both directions: a row an item index, most baskets first."""


@dataclass(frozen=True)
class CategoryPairs(CountedLinks):
    """Counted pairs of level-0 categories, each in both directions: a row a category index."""


@dataclass(frozen=True)
class CategoryLinks(CountedLinks):
    """Predicted links between the categories that items are in: a row a category index, largest lift first.

    A category has no row where none of its items is ranked. `baskets` may be 0: such a link is predicted from
    the vectors of the categories' items alone.
    """


@dataclass(frozen=True)
class Promotions:
    """The shop's promotions, sorted by id, and their items."""

    promotion_ids: TextColumn = TextColumn.of([])
    names: TextColumn = TextColumn.of([])
    starts_at: NDArray[np.int64] = zeros_field(np.int64)
    """Seconds since 1970, UTC; 0 where the shop gives none."""
    ends_at: NDArray[np.int64] = zeros_field(np.int64)
    """The same; the last second of the year 9999 where the shop gives none."""
    discount: Csr = Csr()
    """A row a promotion, columns are item indices; a share, 0 to 1, NaN where the shop gives none."""


@dataclass(frozen=True)
class ShopBundles:
    """The shop's own bundles, sorted by id, and their items."""

    bundle_ids: TextColumn = TextColumn.of([])
    titles: TextColumn = TextColumn.of([])
    discount: NDArray[np.float64] = zeros_field(np.float64)
    """A share, 0 to 1."""
    quantity: Csr = Csr()
    """A row a bundle, columns are item indices."""


@dataclass(frozen=True)
class PredictedLinks:
    """Items that go with an item: a row an item index, most likely first; empty where none were learned."""

    score: Csr = Csr()
    """1 for a link that the shop knows; else the probability of a link at even odds, in (.5, 1)."""


@dataclass(frozen=True)
class ContentLinks:
    """Items, bought or not, of content similar to an item that nobody bought: a row an item index.

    The most similar first, the more bought first among equals.
    """

    lift: Csr = Csr()
    """How many times as often as by chance bought pairs of that similarity are in one basket, above 1."""
