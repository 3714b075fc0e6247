"""A lift that few baskets leave near 1. NumPy alone: serving runs it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: How many baskets the belief that all is chance is worth.
PRIOR_BASKETS = 5.0


def shrunk_lift(observed: NDArray[np.number], expected: NDArray[np.floating]) -> NDArray[np.float64]:
    """(observed + 5) / (expected + 5): observed over expected baskets under a prior worth five of them.

    A Gamma-Poisson shrinker (DuMouchel 1999); 1 where nothing was counted or expected.
    """
    return np.asarray((observed + PRIOR_BASKETS) / (expected + PRIOR_BASKETS), dtype=np.float64)
