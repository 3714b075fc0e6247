"""Calibration of link probabilities: what a link's number says becomes how often it is so. NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LinkCalibration:
    """A rising line through knots, from the mean of both directions of a link to its probability.

    By default it changes nothing. `gnn.components.links.fit_calibration` finds the knots.
    """

    raw: Sequence[float] = (0.0, 1.0)
    """Ascending, from 0 to 1."""
    calibrated: Sequence[float] = (0.0, 1.0)
    """Of each of `raw`, ascending; between them the line is straight."""

    @classmethod
    def from_config(cls, values: object) -> LinkCalibration:
        """The calibration that `to_config` gave.

        Raises:
            ValueError: If `values` is no such table.
        """
        if not isinstance(values, Mapping) or values.keys() != {"raw", "calibrated"}:
            raise ValueError(f"expected knots raw and calibrated of links, found {values!r}: train again")
        return cls(tuple(values["raw"]), tuple(values["calibrated"]))

    def to_config(self) -> dict[str, list[float]]:
        """The knots, plain JSON."""
        return {"raw": list(self.raw), "calibrated": list(self.calibrated)}

    def probabilities(self, links: NDArray[np.floating]) -> NDArray[np.float64]:
        """Probabilities of `links` of any shape, each the mean of both directions, in (0, 1)."""
        return np.asarray(np.interp(links, self.raw, self.calibrated), dtype=np.float64)
