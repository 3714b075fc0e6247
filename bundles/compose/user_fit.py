"""How well an item fits a visit, in [0, 1], from its chance to be in one basket."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: With one basket the best items would differ by little on a scale that others share.
NUM_BASKETS = 3


def fit_of_chances(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chance to be in one of three such baskets: 1 - (1 - p)³."""
    fit: NDArray[np.float64] = 1 - (1 - chances) ** NUM_BASKETS
    return fit
