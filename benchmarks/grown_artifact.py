"""A model of a larger catalogue, for speed alone: the ranked items of a real one, several times over.

Each copy has its own ids, links among its own items and, so that no two items tie, its own noise on their
vectors. What it answers means nothing; how long that takes does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import (
    Catalogue,
    CoPurchases,
    Histories,
    ItemModel,
    ModelArtifact,
    PredictedLinks,
    Promotions,
    ShopBundles,
)
from gnn.scoring.bundle_model import BundleModel
from gnn.scoring.cold_model import ColdModel
from gnn.scoring.containers import TextColumn
from gnn.scoring.content_links import ContentLinks
from gnn.scoring.encoder_parts import EncoderParts
from gnn.scoring.seasons_model import Seasons
from gnn.scoring.substitutes_model import Substitutes

_NOISE = 0.05


def grown(artifact: ModelArtifact, times: int, *, rng: np.random.Generator) -> ModelArtifact:
    """`artifact` with `times` as many ranked items, and no others."""
    grower = _Grower(artifact, times, rng)
    num_items = grower.num_kept * times
    no_bundles = ShopBundles(
        bundle_ids=TextColumn.of([]),
        titles=TextColumn.of([]),
        discount=np.zeros(0),
        indptr=np.zeros(1, dtype=np.int64),
        item=np.zeros(0, dtype=np.int32),
        quantity=np.zeros(0),
    )
    return replace(
        artifact,
        info=replace(artifact.info, model_version=f"{artifact.info.model_version}-x{times}"),
        catalogue=grower.catalogue(),
        co_purchases=grower.co_purchases(),
        histories=grower.histories(),
        model=grower.model(),
        predicted_links=PredictedLinks.none(num_items),
        substitutes=grower.substitutes(),
        seasons=grower.seasons(),
        promotions=grower.promotions(),
        bundles=no_bundles,
        bundle_model=BundleModel.none(
            num_users=len(artifact.histories.user_ids), num_items=num_items, num_bundles=0
        ),
        cold_model=ColdModel.none(),
        content_links=ContentLinks.none(num_items),
        encoder=EncoderParts.none(),
    )


class _Grower:
    def __init__(self, artifact: ModelArtifact, times: int, rng: np.random.Generator) -> None:
        self._artifact, self._times, self._rng = artifact, times, rng
        self._kept = artifact.model.ranked
        self.num_kept = len(self._kept)
        self._place = np.full(len(artifact.catalogue.item_ids), -1, dtype=np.int32)
        self._place[self._kept] = np.arange(self.num_kept, dtype=np.int32)

    def catalogue(self) -> Catalogue:
        old, kept = self._artifact.catalogue, self._kept
        # The number of the copy comes first: ids stay sorted.
        return Catalogue(
            item_ids=TextColumn.of(
                [f"{copy:03}-{old.item_ids[item]}" for copy in range(self._times) for item in kept]
            ),
            titles=TextColumn.of([old.titles[item] for _ in range(self._times) for item in kept]),
            category=np.tile(old.category[kept], self._times),
            brand=np.tile(old.brand[kept], self._times),
            price=np.tile(old.price[kept], self._times),
            cost=np.tile(old.cost[kept], self._times),
            in_stock=np.tile(old.in_stock[kept], self._times),
            baskets=np.tile(old.baskets[kept], self._times),
        )

    def co_purchases(self) -> CoPurchases:
        old = self._artifact.co_purchases
        indptr, entries, item = self._rows(old.indptr, old.item)
        return CoPurchases(
            indptr=indptr,
            item=item,
            baskets=np.tile(old.baskets[entries], self._times),
            lift=np.tile(old.lift[entries], self._times),
        )

    def histories(self) -> Histories:
        old = self._artifact.histories
        is_kept = self._place[old.item] >= 0
        copies = self._rng.integers(self._times, size=int(is_kept.sum()))
        user = np.repeat(np.arange(len(old.user_ids)), np.diff(old.indptr))[is_kept]
        return Histories(
            user_ids=old.user_ids,
            indptr=np.searchsorted(user, np.arange(len(old.user_ids) + 1)).astype(np.int64),
            item=(self._place[old.item[is_kept]] + copies * self.num_kept).astype(np.int32),
            age_days=old.age_days[is_kept],
        )

    def model(self) -> ItemModel:
        old = self._artifact.model
        offsets = np.repeat(np.arange(self._times) * self.num_kept, len(old.ease_item))
        indptr = [old.ease_indptr[1:] + copy * old.ease_indptr[-1] for copy in range(self._times)]
        return replace(
            old,
            ranked=np.arange(self.num_kept * self._times, dtype=np.int32),
            source=self._noisy(old.source),
            target=self._noisy(old.target),
            history=self._noisy(old.history),
            bias=np.tile(old.bias, self._times),
            ease_indptr=np.concatenate([[0], *indptr]).astype(np.int64),
            ease_item=(np.tile(old.ease_item, self._times) + offsets).astype(np.int32),
            ease_weight=np.tile(old.ease_weight, self._times),
            baskets_4_weeks=np.tile(old.baskets_4_weeks, self._times),
            baskets_16_weeks=np.tile(old.baskets_16_weeks, self._times),
        )

    def substitutes(self) -> Substitutes:
        old = self._artifact.substitutes
        indptr, entries, item = self._rows(old.indptr, old.item)
        return Substitutes(
            variant=self._codes(old.variant[self._kept]),
            product_type=np.tile(old.product_type[self._kept], self._times),
            indptr=indptr,
            item=item,
            score=np.tile(old.score[entries], self._times),
        )

    def seasons(self) -> Seasons:
        old = self._artifact.seasons
        is_kept = self._place[old.item] >= 0
        place = self._place[old.item[is_kept]]
        return replace(
            old,
            item=np.concatenate([place + copy * self.num_kept for copy in range(self._times)]).astype(
                np.int32
            ),
            baskets=np.tile(old.baskets[is_kept], (self._times, 1)),
        )

    def promotions(self) -> Promotions:
        old = self._artifact.promotions
        is_kept = self._place[old.item] >= 0
        promotion = np.repeat(np.arange(len(old.promotion_ids)), np.diff(old.indptr))[is_kept]
        return replace(
            old,
            indptr=np.searchsorted(promotion, np.arange(len(old.promotion_ids) + 1)).astype(np.int64),
            item=self._place[old.item[is_kept]],
            discount=old.discount[is_kept],
        )

    def _rows(
        self, indptr: NDArray[np.int64], item: NDArray[np.int32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """Rows of kept items with kept items: their ends, the entries of one copy, and all items."""
        row = self._place[np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))]
        entries = np.flatnonzero((row >= 0) & (self._place[item] >= 0))
        lengths = np.bincount(row[entries], minlength=self.num_kept)
        ends = np.concatenate([[0], np.cumsum(np.tile(lengths, self._times))]).astype(np.int64)
        offsets = np.repeat(np.arange(self._times) * self.num_kept, len(entries))
        items = (np.tile(self._place[item[entries]], self._times) + offsets).astype(np.int32)
        return ends, entries, items

    def _codes(self, codes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Codes of every copy; those of one copy are not those of another."""
        step = int(codes.max(initial=-1)) + 1
        return np.concatenate(
            [np.where(codes >= 0, codes + copy * step, -1) for copy in range(self._times)]
        ).astype(np.int32)

    def _noisy(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        tiled = np.tile(vectors, (self._times, 1))
        scale = _NOISE * float(vectors.std()) if vectors.size else 0.0
        return tiled + (scale * self._rng.standard_normal(tiled.shape)).astype(np.float32)
