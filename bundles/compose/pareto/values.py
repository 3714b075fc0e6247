"""The objectives of sets as points: a column an objective asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bundles.compose.pareto.requests import ObjectiveName
from bundles.compose.sets import measure_sets
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import Rules
from bundles.request.schemas import Weights

#: Digits that an answer shows. Points are compared as they are shown: what looks equal is equal.
_DIGITS = 6


def objective_values(
    shortlist: Shortlist, members: NDArray[np.bool_], *, rules: Rules, objectives: Sequence[ObjectiveName]
) -> NDArray[np.float64]:
    """What the sets `members` [K, P] reach on each of `objectives`, [K, M]; a margin not known counts 0."""
    values = measure_sets(shortlist, members, rules=rules, weights=equal_weights(objectives))
    columns = [np.nan_to_num(getattr(values, name)) for name in objectives]
    points: NDArray[np.float64] = np.round(np.clip(np.stack(columns, axis=1), 0.0, 1.0), _DIGITS)
    return points


def equal_weights(objectives: Sequence[ObjectiveName]) -> Weights:
    """One for each of `objectives`, nothing for the others."""
    return Weights(**{name: float(name in objectives) for name in Weights.model_fields})
