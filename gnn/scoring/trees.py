"""The ranker as serving runs it: boosted trees over the features of a shortlist. NumPy and treelite alone.

Treelite reads what LightGBM learned in a tenth of the time and memory that importing LightGBM takes.
"""

from __future__ import annotations

import numpy as np
import treelite
from numpy.typing import NDArray


def no_trees() -> NDArray[np.uint8]:
    """What stands for trees where there are none: a first stage is served as it is."""
    return np.zeros(0, dtype=np.uint8)


class Ranker:
    """Scores rows of features. Holds no state of a query: threads may share it."""

    def __init__(self, trees: NDArray[np.uint8]) -> None:
        """`trees` is what `gnn.components.boosted_trees.fit_ranker` or `fit_classifier` gives.

        Raises:
            ValueError: If it is not.
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
