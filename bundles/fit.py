"""How well an item fits a visit, in [0, 1], from its score among all items."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Standard deviations above the mean at which an item fits half.
HALF_FIT = 2.0


def fit_of_scores(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """z⁺ / (z⁺ + 2) of each of `scores` [num_ranked], z its standard score among them."""
    spread = float(scores.std())
    standard = (scores - scores.mean()) / spread if spread > 0 else np.zeros(len(scores))
    above = np.maximum(standard, 0.0).astype(np.float64)
    return above / (above + HALF_FIT)
