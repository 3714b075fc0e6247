"""The model artifact: all that serving needs, as columns. `gnn.artifact.files` keeps it in a folder.

Indices: an *item index* counts all items in the order of their ids; a *ranked index* counts the items that
the model ranks (`ItemModel.ranked` maps it to the item index). Variable-length rows are compressed: row `i`
of a part is `indptr[i]:indptr[i + 1]` of its other columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etl.errors import StageError
from gnn.scoring.bundle_model import BundleModel
from gnn.scoring.cold_model import ColdModel
from gnn.scoring.content_links import ContentLinks
from gnn.scoring.encoder_parts import EncoderParts
from gnn.scoring.seasons_model import Seasons
from gnn.scoring.sequence_model import SequenceModel
from gnn.scoring.substitutes_model import Substitutes
from gnn.scoring.text_column import TextColumn


class ArtifactError(StageError):
    """A model artifact is missing, damaged, or of another format."""


@dataclass(frozen=True)
class Catalogue:
    """All items, sorted by id."""

    item_ids: TextColumn
    titles: TextColumn
    """Empty where a shop gives none."""
    category: NDArray[np.int32]
    """Index into `Categories`, -1 for none."""
    brand: NDArray[np.int32]
    """Brand code, -1 for none: equal codes are one brand."""
    price: NDArray[np.float64]
    """In the shop's currency, NaN for none."""
    cost: NDArray[np.float64]
    """NaN for none."""
    in_stock: NDArray[np.bool_]
    baskets: NDArray[np.int64]
    """Purchase baskets that hold the item: its popularity."""


@dataclass(frozen=True)
class Categories:
    """The category tree, sorted by `category_id`."""

    category_ids: TextColumn
    names: TextColumn
    parent: NDArray[np.int32]
    """Index of the parent, -1 for a root."""
    level: NDArray[np.int32]
    """0 for a root."""

    def roots(self) -> NDArray[np.int32]:
        """Index of the level-0 category above each category; a root's is its own."""
        root = np.arange(len(self.parent), dtype=np.int32)
        while ((above := self.parent[root]) >= 0).any():
            root = np.where(above >= 0, above, root)
        return root


@dataclass(frozen=True)
class CoPurchases:
    """Counted item pairs, each in both directions: a row an item index, most baskets first."""

    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    baskets: NDArray[np.int64]
    lift: NDArray[np.float32]


@dataclass(frozen=True)
class CategoryPairs:
    """Counted pairs of level-0 categories, each in both directions: a row a category index."""

    indptr: NDArray[np.int64]
    category: NDArray[np.int32]
    baskets: NDArray[np.int64]
    lift: NDArray[np.float32]


@dataclass(frozen=True)
class CategoryLinks:
    """Predicted links between the categories that items are in: a row a category index, largest lift first.

    A category has no row where none of its items is ranked; nothing has one where nothing was learned.
    """

    indptr: NDArray[np.int64]
    category: NDArray[np.int32]
    baskets: NDArray[np.int64]
    """Baskets that held both: few, or none, where the link is predicted from what the items are like."""
    lift: NDArray[np.float32]
    """How many times as often as by chance a basket is expected to hold both."""

    @classmethod
    def none(cls, num_categories: int) -> CategoryLinks:
        """No link of any of `num_categories`."""
        return cls(
            np.zeros(num_categories + 1, dtype=np.int64),
            np.zeros(0, dtype=np.int32),
            np.zeros(0, dtype=np.int64),
            np.zeros(0, dtype=np.float32),
        )


@dataclass(frozen=True)
class Histories:
    """What each user bought, an event a row: users sorted by pseudonym, a user's events oldest first."""

    user_ids: TextColumn
    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """Item index. A user's events of an item are `PURCHASED.count` in number."""
    age_days: NDArray[np.float32]
    """Days from the event to the model's `as_of`."""


@dataclass(frozen=True)
class ItemModel:
    """The learned part: what `gnn.scoring.item_scorer` computes scores from. Rows are ranked indices."""

    ranked: NDArray[np.int32]
    """Item index of each ranked index, ascending."""
    source: NDArray[np.float32]
    """What an item in the cart asks for, [num_ranked, d]; d = 0 where there is no GNN."""
    target: NDArray[np.float32]
    """What an item answers, [num_ranked, d]."""
    history: NDArray[np.float32]
    """What an item bought in the past says of its user, [num_ranked, d]."""
    bias: NDArray[np.float32]
    """[num_ranked]"""
    users: NDArray[np.float32]
    """[num_users, d], rows as `Histories.user_ids`."""
    ease_indptr: NDArray[np.int64]
    ease_item: NDArray[np.int32]
    """Ranked index: the top k of each row of the EASE matrix."""
    ease_weight: NDArray[np.float32]
    baskets_4_weeks: NDArray[np.int64]
    """Events of each ranked item in the 28 days before `as_of`, [num_ranked]."""
    baskets_16_weeks: NDArray[np.int64]
    """The same of 112 days."""
    trees: NDArray[np.uint8]
    """The second stage, `gnn.scoring.trees.Ranker`; of length 0 where there is none."""
    companion_trees: NDArray[np.uint8]
    """The chances of `gnn.companions`; of length 0 where the first stage stands in."""


@dataclass(frozen=True)
class PredictedLinks:
    """Items that go with an item: a row an item index, most likely first; empty where none were learned."""

    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    score: NDArray[np.float32]
    """1 for a link that the shop knows; else the probability of a link at even odds, in (.5, 1)."""

    @classmethod
    def none(cls, num_items: int) -> PredictedLinks:
        """No link of any of `num_items`."""
        return cls(
            np.zeros(num_items + 1, dtype=np.int64),
            np.zeros(0, dtype=np.int32),
            np.zeros(0, dtype=np.float32),
        )


@dataclass(frozen=True)
class Promotions:
    """The shop's promotions, sorted by id, and their items."""

    promotion_ids: TextColumn
    names: TextColumn
    starts_at: NDArray[np.int64]
    """Seconds since 1970, UTC; 0 where the shop gives none."""
    ends_at: NDArray[np.int64]
    """The same; the last second of the year 9999 where the shop gives none."""
    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """Item index."""
    discount: NDArray[np.float64]
    """A share, 0 to 1; NaN where the shop gives none."""


@dataclass(frozen=True)
class ShopBundles:
    """The shop's own bundles, sorted by id, and their items."""

    bundle_ids: TextColumn
    titles: TextColumn
    discount: NDArray[np.float64]
    """A share, 0 to 1."""
    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """Item index."""
    quantity: NDArray[np.float64]


@dataclass(frozen=True)
class ArtifactInfo:
    """What a model says of itself; goes to `manifest.json`."""

    model_version: str
    created_at: str
    """RFC 3339, UTC."""
    kind: str
    """`gnn`, or `closed_form` where there was too little to train on."""
    as_of: str
    """The moment that recency counts from: the last event, RFC 3339 UTC."""
    tables_version: str
    key_fingerprint: str
    currency: str | None
    timezone: str
    association_event: str
    """The event that baskets, histories and pairs count: `purchase`, or the strongest that the shop has."""
    config: dict[str, object]
    """The training configuration, seeds and weights; `gnn.scoring.item_scorer` reads `blend` and `link` of it,
    `gnn.scoring.reranker` reads `trees_weight` and `shortlist_size`."""
    metrics: dict[str, object]
    """The metrics tables of `gnn.evaluation`, as measured before the final fit."""
    versions: dict[str, str]
    """Of python, numpy, torch, torch_geometric and the git commit (`git`), where known."""
    warnings: list[str]


@dataclass(frozen=True)
class ModelArtifact:
    """All that serving needs. Arrays of a loaded artifact are read-only."""

    info: ArtifactInfo
    catalogue: Catalogue
    categories: Categories
    co_purchases: CoPurchases
    category_pairs: CategoryPairs
    category_links: CategoryLinks
    histories: Histories
    model: ItemModel
    predicted_links: PredictedLinks
    substitutes: Substitutes
    seasons: Seasons
    promotions: Promotions
    bundles: ShopBundles
    bundle_model: BundleModel
    sequence_model: SequenceModel
    cold_model: ColdModel
    content_links: ContentLinks
    encoder: EncoderParts
