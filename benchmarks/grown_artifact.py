"""A model of a larger catalogue, for speed alone: the ranked items of a real one, several times over.

Each copy has its own ids, links among its own items and, so that no two items tie, its own noise on their
vectors. Its answers mean nothing; only their time does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.scoring.bundle_ranking import BundleRanking
from gnn.scoring.catalogue import (
    Catalogue,
    ContentLinks,
    CoPurchases,
    PredictedLinks,
    Promotions,
    ShopBundles,
)
from gnn.scoring.cold_items import ColdItems
from gnn.scoring.containers import Csr, TextColumn
from gnn.scoring.explanation import Encoder
from gnn.scoring.item_model import EaseWeights, Histories, ItemNetwork, RankedItems
from gnn.scoring.seasons import Seasons
from gnn.scoring.substitutes import Substitutes

_NOISE = 0.05


def grown(artifact: ModelArtifact, times: int, *, rng: np.random.Generator) -> ModelArtifact:
    """`artifact` with `times` as many ranked items, and no others."""
    grower = _Grower(artifact, times, rng)
    return replace(
        artifact,
        info=replace(artifact.info, model_version=f"{artifact.info.model_version}-x{times}"),
        catalogue=grower.catalogue(),
        co_purchases=grower.co_purchases(),
        histories=grower.histories(),
        promotions=grower.promotions(),
        seasons=grower.seasons(),
        ranked=grower.ranked(),
        network=grower.network(),
        ease=EaseWeights(grower.tiled(artifact.ease.weights)),
        substitutes=grower.substitutes(),
        encoder=Encoder(),
        predicted_links=PredictedLinks(),
        content_links=ContentLinks(),
        cold_items=ColdItems(),
        bundles=ShopBundles(),
        bundle_ranking=BundleRanking(),
    )


class _Grower:
    def __init__(self, artifact: ModelArtifact, times: int, rng: np.random.Generator) -> None:
        self._artifact, self._times, self._rng = artifact, times, rng
        self._kept = artifact.ranked.item
        self._num_kept = len(self._kept)
        self._place = np.full(len(artifact.catalogue.item_ids), -1, dtype=np.int32)
        self._place[self._kept] = np.arange(self._num_kept, dtype=np.int32)

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
        baskets = old.baskets[self._is_among_kept(old.lift)]
        return CoPurchases(self.tiled(self._among_kept(old.lift)), np.tile(baskets, self._times))

    def histories(self) -> Histories:
        old = self._artifact.histories
        is_kept = self._place[old.item] >= 0
        copies = self._rng.integers(self._times, size=int(is_kept.sum()))
        user = np.repeat(np.arange(len(old.user_ids)), np.diff(old.indptr))[is_kept]
        return Histories(
            user_ids=old.user_ids,
            indptr=np.searchsorted(user, np.arange(len(old.user_ids) + 1)).astype(np.int64),
            item=(self._place[old.item[is_kept]] + copies * self._num_kept).astype(np.int32),
            age_days=old.age_days[is_kept],
        )

    def promotions(self) -> Promotions:
        old = self._artifact.promotions.discount
        is_kept = self._place[old.indices] >= 0
        promotion = _row_of_entries(old)[is_kept]
        discount = Csr.from_entries(
            promotion, self._place[old.indices[is_kept]], old.values[is_kept], num_rows=old.num_rows
        )
        return replace(self._artifact.promotions, discount=discount)

    def seasons(self) -> Seasons:
        old = self._artifact.seasons
        is_kept = self._place[old.item] >= 0
        place = self._place[old.item[is_kept]]
        copies = [place + copy * self._num_kept for copy in range(self._times)]
        return replace(
            old,
            item=np.concatenate(copies).astype(np.int32),
            baskets=np.tile(old.baskets[is_kept], (self._times, 1)),
        )

    def ranked(self) -> RankedItems:
        old = self._artifact.ranked
        return RankedItems(
            item=np.arange(self._num_kept * self._times, dtype=np.int32),
            baskets_4_weeks=np.tile(old.baskets_4_weeks, self._times),
            baskets_16_weeks=np.tile(old.baskets_16_weeks, self._times),
        )

    def network(self) -> ItemNetwork:
        old = self._artifact.network
        return replace(
            old,
            source=self._noisy(old.source),
            target=self._noisy(old.target),
            history=self._noisy(old.history),
            bias=np.tile(old.bias, self._times),
        )

    def substitutes(self) -> Substitutes:
        old = self._artifact.substitutes
        return Substitutes(
            variant=self._codes(old.variant[self._kept]),
            product_type=np.tile(old.product_type[self._kept], self._times),
            score=self.tiled(self._among_kept(old.score)),
        )

    def tiled(self, rows: Csr) -> Csr:
        """`rows` of the kept items, a block of the diagonal for each copy."""
        offsets = np.repeat(np.arange(self._times) * self._num_kept, len(rows.indices))
        return Csr(
            np.concatenate([[0], np.cumsum(np.tile(rows.lengths, self._times))]).astype(np.int64),
            (np.tile(rows.indices, self._times) + offsets).astype(np.int32),
            np.tile(rows.values, self._times),
        )

    def _among_kept(self, rows: Csr) -> Csr:
        """`rows` of all items as rows of the kept ones, without entries of other items."""
        is_kept = self._is_among_kept(rows)
        row, column = self._place[_row_of_entries(rows)[is_kept]], self._place[rows.indices[is_kept]]
        return Csr.from_entries(row, column, rows.values[is_kept], num_rows=self._num_kept)

    def _is_among_kept(self, rows: Csr) -> NDArray[np.bool_]:
        """Which entries of `rows` join two kept items, [num_entries]."""
        is_kept = self._place >= 0
        return np.asarray(is_kept[_row_of_entries(rows)] & is_kept[rows.indices])

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


def _row_of_entries(rows: Csr) -> NDArray[np.int64]:
    return np.repeat(np.arange(rows.num_rows), rows.lengths)
