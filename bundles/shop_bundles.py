"""The shop's own bundles for a visit, by what was learned of who chooses which (`gnn.bundle_ranking`)."""

from __future__ import annotations

import numpy as np

from bundles.answers import BundleItem, BundlePrice, ShopBundle, Source
from bundles.catalogue import ItemCatalogue
from bundles.context import Visit
from bundles.pricing import offer_prices, to_amount
from gnn.artifact import ModelArtifact
from gnn.bundle_ranking.scorer import BundleScorer


class ShopBundleRanker:
    """Ranks the bundles of `artifact`. Holds no state of a request: threads may share it."""

    def __init__(self, artifact: ModelArtifact, *, catalogue: ItemCatalogue) -> None:
        self._bundles, self._histories, self._catalogue = artifact.bundles, artifact.histories, catalogue
        self._scorer = BundleScorer(artifact.bundle_model, artifact.bundles)
        sizes = np.diff(self._bundles.indptr)
        of = np.repeat(np.arange(len(sizes)), sizes)
        missing = np.bincount(of, ~catalogue.in_stock[self._bundles.item], minlength=len(sizes))
        self._is_offered = (sizes > 0) & (missing == 0)
        baskets = np.bincount(of, catalogue.baskets[self._bundles.item], minlength=len(sizes))
        self._mean_baskets = baskets / np.maximum(sizes, 1)

    def __len__(self) -> int:
        return len(self._is_offered)

    def rank(self, visit: Visit, *, count: int) -> tuple[list[ShopBundle], Source | None]:
        """At most `count` bundles, best first, and the path; none is popularity.

        A bundle with an item that is out of stock is left out; equal scores go by how often the items sell.
        """
        held = [*visit.cart, *visit.recent]
        if visit.user_index is not None:
            start, end = self._histories.indptr[visit.user_index : visit.user_index + 2]
            held += self._histories.item[start:end].tolist()
        scores = self._scorer.score(held, user_index=visit.user_index)
        offered = np.flatnonzero(self._is_offered)
        order = np.lexsort((offered, -self._mean_baskets[offered], -scores[offered]))
        found = [
            self._bundle(int(bundle), rank, float(scores[bundle]))
            for rank, bundle in enumerate(offered[order[:count]], start=1)
        ]
        if self._scorer.knows(visit.user_index):
            return found, "gnn"
        return found, "cold_start" if held else None

    def _bundle(self, bundle: int, rank: int, score: float) -> ShopBundle:
        start, end = self._bundles.indptr[bundle : bundle + 2]
        return ShopBundle(
            rank=rank,
            score=score,
            bundle_id=self._bundles.bundle_ids[bundle],
            title=self._bundles.titles[bundle],
            items=[
                BundleItem(
                    item_id=self._catalogue.item_id(item),
                    title=self._catalogue.title(item),
                    category=self._catalogue.category_path(item),
                    price=self._catalogue.price_of(item),
                    role="added",
                )
                for item in self._bundles.item[start:end].tolist()
            ],
            price=self._price(bundle),
        )

    def _price(self, bundle: int) -> BundlePrice:
        """List = Σ price · quantity, offer = list less the bundle's discount; none without a price."""
        row = slice(*self._bundles.indptr[bundle : bundle + 2])
        prices = self._catalogue.price[self._bundles.item[row]]
        if (prices < 0).any():
            return BundlePrice(list=None, offer=None, discount=0.0)
        total = np.array([int(np.floor(prices @ self._bundles.quantity[row] + 0.5))])
        offer = int(offer_prices(total, self._bundles.discount[bundle : bundle + 1])[0])
        return BundlePrice(
            list=to_amount(int(total[0]), digits=self._catalogue.digits),
            offer=to_amount(offer, digits=self._catalogue.digits),
            discount=round(1 - offer / int(total[0]), 4) if total[0] else 0.0,
        )
