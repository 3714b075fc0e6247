"""Pareto fronts: sets of which none dominates another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymoo.indicators.hv import HV  # type: ignore[import-untyped]  # ships no types
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting  # type: ignore[import-untyped]  # ships no types


@dataclass(frozen=True)
class Front:
    """Non-dominated sets with distinct points, best on the first objective first."""

    members: NDArray[np.bool_]
    """[K, P]: which candidates each set holds."""
    values: NDArray[np.float64]
    """Their objectives, in [0, 1], [K, M]."""

    @property
    def hypervolume(self) -> float:
        """Share of the unit cube that the front dominates (Zitzler & Thiele 1998); the reference point is 0.

        0 for an empty front, and where an objective is 0 for all sets.
        """
        return float(HV(ref_point=np.zeros(self.values.shape[1]))(-self.values)) if len(self.values) else 0.0

    def spread(self, count: int) -> Front:
        """At most `count` of the sets: the best on each objective, then repeatedly the farthest from these.

        Distances are Euclidean, each objective scaled to the front's own range (Gonzalez 1985).
        """
        if len(self.values) <= count:
            return self
        ranges = np.ptp(self.values, axis=0)
        points = (self.values - self.values.min(axis=0)) / np.where(ranges > 0, ranges, 1.0)
        chosen = list(dict.fromkeys(points.argmax(axis=0).tolist()))[:count]
        while len(chosen) < count:
            gaps = np.linalg.norm(points[:, None] - points[chosen], axis=2).min(axis=1)
            chosen.append(int(gaps.argmax()))
        rows = np.sort(chosen)
        return Front(self.members[rows], self.values[rows])


def front_of(members: NDArray[np.bool_], values: NDArray[np.float64]) -> Front:
    """The front of the sets `members` [K, P] with `values` [K, M]; of equal points the first remains."""
    points, first = np.unique(values, axis=0, return_index=True)
    if not len(points):
        return Front(members, values)
    best = NonDominatedSorting().do(-points, only_non_dominated_front=True)
    rows = first[best]
    # Descending by the first objective, then by the second, and so on.
    rows = rows[np.lexsort(-values[rows].T[::-1])]
    return Front(members[rows], values[rows])
