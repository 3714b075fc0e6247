"""A front: sets of which none is at least as good as another on every objective and better on one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymoo.indicators.hv import HV  # type: ignore[import-untyped]  # ships no types
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting  # type: ignore[import-untyped]  # ships no types


@dataclass(frozen=True)
class Front:
    """Sets none of which dominates another, each point once; the best on the first objective comes first."""

    members: NDArray[np.bool_]
    """[K, P]: which candidates are in which set."""
    values: NDArray[np.float64]
    """What they reach on each objective, in [0, 1], [K, M]."""

    @property
    def hypervolume(self) -> float:
        """Share of the unit cube that the front dominates (Zitzler & Thiele 1998), the worst point being 0.

        0 for an empty front, and where an objective is 0 for all.
        """
        return float(HV(ref_point=np.zeros(self.values.shape[1]))(-self.values)) if len(self.values) else 0.0

    def spread(self, count: int) -> Front:
        """At most `count` of the sets: the best on each objective, then always the one farthest from those.

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
    """The front among the sets `members` [K, P] with `values` [K, M]; of equal points the first stays."""
    points, first = np.unique(values, axis=0, return_index=True)
    if not len(points):
        return Front(members, values)
    best = NonDominatedSorting().do(-points, only_non_dominated_front=True)
    rows = first[best]
    # Descending by the first objective, then by the second, and so on.
    rows = rows[np.lexsort(-values[rows].T[::-1])]
    return Front(members[rows], values[rows])
