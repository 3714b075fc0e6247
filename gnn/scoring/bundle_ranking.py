"""Scores of the shop's own bundles for a user or a visitor. NumPy alone.

A user who chose a bundle before has a list of its own, made when the model was fitted (`gnn.bundle_ranking`).
For a visitor who has the items V, in hand or in its history, and a bundle b of the items C_b:

    affinity(b)    = v · bundle_b,  v = unit Σ_{i ∈ V} item_i           (vectors of the graph network)
    overlap(b)     = |V ∩ C_b| / |C_b|
    popularity(b)  = log(1 + users who chose b)

    score(b)       = Σ_f w_f z(f(b)),  z over all bundles

A bundle that nobody chose yet has a vector from its items and an overlap, so that it is ranked too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ShopBundles
from gnn.scoring.bundle_model import BundleModel
from gnn.scoring.standard_scores import standard_scores

#: What a visitor's score is made of, in the order of `BundleModel.visitor_weights`.
FEATURES = ("affinity", "overlap", "popularity")


class BundleScorer:
    """Scores all bundles of a shop. Holds no state of a query: threads may share it."""

    def __init__(self, model: BundleModel, bundles: ShopBundles) -> None:
        self._model = model
        self._log_popularity = np.log1p(model.popularity)
        self._sizes = np.maximum(np.diff(bundles.indptr), 1).astype(np.float32)
        # Bundles by item: the transpose of bundles' rows.
        order = np.argsort(bundles.item, kind="stable")
        bundle = np.repeat(np.arange(len(self._sizes)), np.diff(bundles.indptr))
        self._bundle = bundle[order]
        self._indptr = np.searchsorted(bundles.item[order], np.arange(len(model.items) + 1))

    def knows(self, user_index: int | None) -> bool:
        """Whether the user has a list of its own: true for who chose a bundle before the model was fitted."""
        if user_index is None:
            return False
        start, end = self._model.indptr[user_index : user_index + 2]
        return bool(end > start)

    def score(self, items: Sequence[int], *, user_index: int | None = None) -> NDArray[np.float32]:
        """Scores of all bundles, [num_bundles], comparable within a query alone.

        Args:
            items: Item indices of what a visitor has: cart, recent items, history. Any may repeat.
            user_index: Row of `Histories`. Where that user is known, its list comes first, and the other
                bundles follow as for a visitor who has `items`.
        """
        scores = np.asarray(
            self._model.visitor_weights @ standard_scores(self.features(items)), dtype=np.float32
        )
        if user_index is None or not self.knows(user_index):
            return scores
        row = slice(*self._model.indptr[user_index : user_index + 2])
        listed = self._model.score[row]
        scores += listed.min() - 1 - scores.max()
        scores[self._model.bundle[row]] = listed
        return scores

    def features(self, items: Sequence[int]) -> NDArray[np.float32]:
        """`FEATURES` of all bundles for a visitor who has `items`, [3, num_bundles]."""
        values = np.zeros((len(FEATURES), len(self._sizes)), dtype=np.float32)
        held = np.unique(np.asarray(items, dtype=np.int64))
        if len(held):
            vector = self._model.items[held].sum(axis=0)
            length = np.linalg.norm(vector)
            values[0] = self._model.bundles @ (vector / length if length > 0 else vector)
            holding = [self._bundle[self._indptr[item] : self._indptr[item + 1]] for item in held]
            values[1] = np.bincount(np.concatenate(holding), minlength=len(self._sizes)) / self._sizes
        values[2] = self._log_popularity
        return values
