"""Boosted trees as serving runs them. NumPy and treelite alone.

Treelite loads what LightGBM learned in a tenth of the time and memory that importing LightGBM takes.
"""

from __future__ import annotations

import numpy as np
import treelite
from numpy.typing import NDArray


class TreeEnsemble:
    """Scores rows of features. Holds no state of a query: threads may share it."""

    def __init__(self, trees: NDArray[np.uint8]) -> None:
        """`trees` are the bytes of `gnn.components.boosted_trees.fit_ranker` or `fit_classifier`.

        Raises:
            ValueError: If they are not.
        """
        try:
            self._model = treelite.Model.deserialize_bytes(trees.tobytes())
        except treelite.TreeliteError as error:
            raise ValueError("expected the trees of fit_ranker, found other bytes: train again") from error

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """One score a row of `features` [N, F], [N]: comparable within a query alone, or a probability."""
        if not len(features):
            return np.zeros(0, dtype=np.float32)
        scores = treelite.gtil.predict(
            self._model, np.ascontiguousarray(features, dtype=np.float32), nthread=1
        )
        return np.asarray(scores, dtype=np.float32).reshape(len(features))
