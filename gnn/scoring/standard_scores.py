"""Scores on a common scale."""

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
