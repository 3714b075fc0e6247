"""Scores of the shop's own bundles for a user or a visitor. NumPy alone.

A user who chose a bundle before has a ranked list, made when the model was fitted
(`gnn.components.bundle_ranking`). For a visitor who has the items V, in the cart or in the history, and a
bundle b of the items C_b:

    affinity(b)    = v · bundle_b,  v = unit Σ_{i ∈ V} item_i           (vectors of the graph network)
    overlap(b)     = |V ∩ C_b| / |C_b|
    popularity(b)  = log(1 + users who chose b)

    score(b)       = Σ_f w_f z(f(b)),  z over all bundles

A bundle that nobody chose yet has a vector from its items and an overlap, so that it is ranked too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.catalogue import ShopBundles
from gnn.scoring.containers import Csr, zeros_field
from gnn.scoring.statistics import standard_scores

#: Features of a visitor's score, in the order of `BundleRanking.visitor_weights`.
BUNDLE_FEATURES = ("affinity", "overlap", "popularity")


@dataclass(frozen=True)
class BundleRanking:
    """Ranked lists of users who chose a bundle, and what ranks bundles for everybody else.

    Bundles are counted as `ShopBundles` counts them. `BundleRanking()` is that of a shop without bundles.
    """

    lists: Csr = Csr()
    """A row a user, as `Histories.user_ids`: the best bundles and their scores, best first, those that the
    user chose included; no row for a user who chose none. Scores compare within a user alone."""
    popularity: NDArray[np.float32] = zeros_field(np.float32)
    """Users who chose each bundle, [num_bundles]."""
    items: NDArray[np.float32] = zeros_field(np.float32, 0, 0)
    """Vector that an item adds to a visitor who has it, [num_items, d]; d = 0 where there is no network."""
    bundles: NDArray[np.float32] = zeros_field(np.float32, 0, 0)
    """Unit vectors of the bundles, [num_bundles, d]."""
    visitor_weights: NDArray[np.float32] = field(default_factory=lambda: np.ones(3, dtype=np.float32))
    """Of `BUNDLE_FEATURES`."""


class BundleScorer:
    """Scores all bundles of a shop. Holds no state of a query: threads may share it."""

    def __init__(self, model: BundleRanking, bundles: ShopBundles, *, num_items: int) -> None:
        """Both of one model; `num_items` is the size of its catalogue."""
        self._model = model
        self._sizes = np.maximum(bundles.quantity.lengths, 1).astype(np.float32)
        # 0 for all where nothing was fitted.
        self._log_popularity = np.log1p(model.popularity) if len(model.popularity) else np.float32(0)
        # Bundles by item: the transpose of bundles' rows.
        contained = bundles.quantity.indices
        order = np.argsort(contained, kind="stable")
        bundle = np.repeat(np.arange(len(self._sizes)), bundles.quantity.lengths)
        self._bundle = bundle[order]
        self._indptr = np.searchsorted(contained[order], np.arange(num_items + 1))

    def knows(self, user_index: int | None) -> bool:
        """Whether the user has a list: true for users who chose a bundle before the model was fitted."""
        if user_index is None:
            return False
        entries = self._model.lists.entries(user_index)
        return bool(entries.stop > entries.start)

    def score(self, items: Sequence[int], *, user_index: int | None = None) -> NDArray[np.float32]:
        """Scores of all bundles, [num_bundles], comparable within a query alone.

        Args:
            items: Item indices of the visitor's cart, recent items and history. Any may repeat.
            user_index: Row of `Histories`. Where that user is known, its list comes first, and the other
                bundles follow as for a visitor who has `items`.
        """
        scores = np.asarray(
            self._model.visitor_weights @ standard_scores(self.features(items)), dtype=np.float32
        )
        if user_index is None or not self.knows(user_index):
            return scores
        listed, listed_scores = self._model.lists.row(user_index)
        scores += listed_scores.min() - 1 - scores.max()
        scores[listed] = listed_scores
        return scores

    def features(self, items: Sequence[int]) -> NDArray[np.float32]:
        """`BUNDLE_FEATURES` of all bundles for a visitor who has `items`, [3, num_bundles]."""
        values = np.zeros((len(BUNDLE_FEATURES), len(self._sizes)), dtype=np.float32)
        held = np.unique(np.asarray(items, dtype=np.int64))
        if len(held):
            if self._model.items.shape[1]:
                vector = self._model.items[held].sum(axis=0)
                length = np.linalg.norm(vector)
                values[0] = self._model.bundles @ (vector / length if length > 0 else vector)
            holding = [self._bundle[self._indptr[item] : self._indptr[item + 1]] for item in held]
            values[1] = np.bincount(np.concatenate(holding), minlength=len(self._sizes)) / self._sizes
        values[2] = self._log_popularity
        return values
