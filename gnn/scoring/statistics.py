"""Scores on a common scale, and lifts that few baskets leave near 1. NumPy alone: serving runs it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def standard_scores(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """z(s) = (s − mean) / deviation along the last axis of `scores` [..., n]; 0 where all are equal.

    The deviation is that of the population. Nothing, where n is 0.
    """
    if not scores.shape[-1]:
        return scores
    centred = scores - scores.mean(axis=-1, keepdims=True)
    deviation = scores.std(axis=-1, keepdims=True)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1), dtype=np.float32)


#: How many baskets the belief that all is chance is worth.
PRIOR_BASKETS = 5.0


def shrunk_lift(observed: NDArray[np.number], expected: NDArray[np.floating]) -> NDArray[np.float64]:
    """(observed + 5) / (expected + 5): observed over expected baskets under a prior worth five of them.

    A Gamma-Poisson shrinker (DuMouchel 1999); 1 where nothing was counted or expected.
    """
    return np.asarray((observed + PRIOR_BASKETS) / (expected + PRIOR_BASKETS), dtype=np.float64)
