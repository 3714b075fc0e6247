"""The model artifact: all that serving reads, as NumPy arrays.

The fields of `ModelArtifact` are the registry of components: each is a frozen dataclass of `gnn.scoring`,
fitted by the fitter of the same name in `gnn.components.FITTERS`. An *item index* counts all items in the
order of their ids; a *ranked index* counts the items that the model ranks (`RankedItems.item` maps it to the
item index).
"""

from __future__ import annotations

from dataclasses import dataclass

from etl.errors import StageError
from gnn.scoring.bundle_ranking import BundleRanking
from gnn.scoring.catalogue import (
    Catalogue,
    Categories,
    CategoryLinks,
    CategoryPairs,
    ContentLinks,
    CoPurchases,
    PredictedLinks,
    Promotions,
    ShopBundles,
)
from gnn.scoring.cold_items import ColdItems
from gnn.scoring.explanation import Encoder
from gnn.scoring.item_model import (
    CoBasketTrees,
    EaseWeights,
    Ensemble,
    Histories,
    ItemNetwork,
    LinkProbability,
    RankedItems,
    Reranker,
)
from gnn.scoring.seasons import Seasons
from gnn.scoring.sequence_stage import SequenceModel
from gnn.scoring.substitutes import Substitutes


class ArtifactError(StageError):
    """A model artifact is missing, damaged, or of another format."""


@dataclass(frozen=True)
class ArtifactInfo:
    """Identity, configuration and metrics of a model; goes to `manifest.json`."""

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
    """The training configuration and the seed."""
    metrics: dict[str, object]
    """The metrics tables of `gnn.evaluation`, as measured before the final fit."""
    versions: dict[str, str]
    """Of python, numpy, torch, torch_geometric and the git commit (`git`), where known."""
    warnings: list[str]


@dataclass(frozen=True)
class ModelArtifact:
    """Everything that serving needs. Arrays of a loaded artifact are read-only.

    A component that the shop's data have nothing for is empty, as its class makes it without arguments.
    """

    info: ArtifactInfo
    catalogue: Catalogue = Catalogue()
    categories: Categories = Categories()
    co_purchases: CoPurchases = CoPurchases()
    category_pairs: CategoryPairs = CategoryPairs()
    histories: Histories = Histories()
    promotions: Promotions = Promotions()
    bundles: ShopBundles = ShopBundles()
    seasons: Seasons = Seasons()
    ranked: RankedItems = RankedItems()
    network: ItemNetwork = ItemNetwork()
    encoder: Encoder = Encoder()
    ease: EaseWeights = EaseWeights()
    ensemble: Ensemble = Ensemble()
    link_probability: LinkProbability = LinkProbability()
    reranker: Reranker = Reranker()
    co_basket: CoBasketTrees = CoBasketTrees()
    sequences: SequenceModel = SequenceModel()
    predicted_links: PredictedLinks = PredictedLinks()
    category_links: CategoryLinks = CategoryLinks()
    substitutes: Substitutes = Substitutes()
    content_links: ContentLinks = ContentLinks()
    cold_items: ColdItems = ColdItems()
    bundle_ranking: BundleRanking = BundleRanking()
