"""The part of an artifact that says in which weeks of the year items were bought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Of a year, from 1 January on: 52 of seven days and one of the last day or two.
NUM_WEEKS = 53


@dataclass(frozen=True)
class Seasons:
    """Purchase baskets by week of the year, in the shop's local days, all years together."""

    item: NDArray[np.int32]
    """Item index of each counted item, ascending, [num_counted]."""
    baskets: NDArray[np.int32]
    """Baskets that hold it and began in each week, [num_counted, 53]."""
    all_baskets: NDArray[np.int64]
    """The same summed over all items that the graph has weeks of, counted here or not, [53]."""
    num_days: NDArray[np.int64]
    """Days from the first basket to the last, [1]. Under 730 the counts are mostly of one year: what happened
    in it once, a recall or a launch, looks like a season."""

    @classmethod
    def none(cls) -> Seasons:
        """Of a shop without baskets."""
        return cls(
            np.zeros(0, dtype=np.int32),
            np.zeros((0, NUM_WEEKS), dtype=np.int32),
            np.zeros(NUM_WEEKS, dtype=np.int64),
            np.zeros(1, dtype=np.int64),
        )
