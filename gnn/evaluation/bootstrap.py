"""Paired bootstrap intervals of the difference between two models on the same queries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Interval:
    """A difference and its 95 % interval."""

    difference: float
    low: float
    high: float


def paired_interval(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    *,
    rng: np.random.Generator,
    num_samples: int = 2_000,
) -> Interval:
    """Mean of `ours` − `theirs` with a 95 % percentile interval (Efron & Tibshirani 1993, ch. 13).

    Values are per query, [num_queries], both in the same order. Each of the `num_samples` samples draws
    queries with replacement, the same for both models. All zeros where there are no queries.

    Raises:
        ValueError: If the two differ in length.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"expected values of the same queries, found {len(ours)} and {len(theirs)}")
    if not len(ours):
        return Interval(0.0, 0.0, 0.0)
    differences = ours - theirs
    means = np.empty(num_samples)
    for sample in range(num_samples):
        means[sample] = differences[rng.integers(len(differences), size=len(differences))].mean()
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(differences.mean()), float(low), float(high))
