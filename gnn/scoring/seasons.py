"""Seasonal lift of items around a date of the year. NumPy alone: serving runs it.

For an item i, and the weeks W = {w - 1, w, w + 1} of the year as a circle:

    lift(i, w) = (n + 5) / (e + 5),   n = baskets of i in W,   e = baskets of i · share of W

The share of W is that of all items' baskets. An item that is bought in W as much as all others has lift 1,
and one with few baskets is near 1 (`gnn.scoring.statistics`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.containers import zeros_field
from gnn.scoring.statistics import shrunk_lift

#: Of a year, from 1 January on: 52 of seven days and one of the last day or two.
NUM_WEEKS = 53


@dataclass(frozen=True)
class Seasons:
    """Purchase baskets by week of the year, in the shop's local days, all years together."""

    item: NDArray[np.int32] = zeros_field(np.int32)
    """Item index of each counted item, ascending, [num_counted]."""
    baskets: NDArray[np.int32] = zeros_field(np.int32, 0, NUM_WEEKS)
    """Baskets that hold it and began in each week, [num_counted, 53]."""
    all_baskets: NDArray[np.int64] = zeros_field(np.int64, NUM_WEEKS)
    """The same summed over all items with weeks in the graph, counted here or not, [53]."""
    num_days: int = 0
    """Days from the first basket to the last. Under 730 the counts are mostly of one year: a single event in
    it, a recall or a launch, looks like a season."""


@dataclass(frozen=True)
class SeasonEvidence:
    """Counts behind the seasonal lift of an item, as the graph has them (query `item_seasons`)."""

    baskets: int
    """Of the item, in the week, the one before and the one after."""
    of_baskets: int
    """Of the item, in all weeks."""
    lift: float


class SeasonLift:
    """Seasonal lifts by one model. Holds no state of a query: threads may share it."""

    def __init__(self, seasons: Seasons, *, num_items: int) -> None:
        self._seasons, self._num_items = seasons, num_items
        self._total = seasons.baskets.sum(axis=1, dtype=np.int64)
        # A week a row: three of them are summed for every request.
        self._weeks = np.ascontiguousarray(seasons.baskets.T)

    def lift(self, week: int) -> NDArray[np.float64]:
        """Seasonal lift of each item around `week` (1 to 53), [num_items].

        1 for an item in too few baskets to be counted.

        Raises:
            ValueError: If the year has no such week.
        """
        lifts = np.ones(self._num_items)
        around = self._around(week)
        lifts[self._seasons.item] = shrunk_lift(around, self._total * self._share(week))
        return lifts

    def evidence(self, item: int, week: int) -> SeasonEvidence | None:
        """The counts behind the lift of `item` (item index) around `week`; none where it is not counted.

        Raises:
            ValueError: If the year has no such week.
        """
        around = self._around(week)
        row = int(np.searchsorted(self._seasons.item, item))
        if row == len(self._seasons.item) or self._seasons.item[row] != item:
            return None
        lift = shrunk_lift(around[row], self._total[row] * self._share(week))
        return SeasonEvidence(int(around[row]), int(self._total[row]), float(lift))

    def _around(self, week: int) -> NDArray[np.int64]:
        return np.asarray(self._weeks[_weeks_around(week)].sum(axis=0, dtype=np.int64))

    def _share(self, week: int) -> float:
        counts = self._seasons.all_baskets
        return float(counts[_weeks_around(week)].sum() / max(counts.sum(), 1))


def week_of(day: date) -> int:
    """Week of the year, 1 to 53: (day of the year - 1) // 7 + 1, so that a date has one week in every year.

    In leap years the days after 29 February are a day later.
    """
    return (day.timetuple().tm_yday - 1) // 7 + 1


def _weeks_around(week: int) -> list[int]:
    """Columns of `week` and its neighbours; the first week of a year follows its last."""
    if not 1 <= week <= NUM_WEEKS:
        raise ValueError(f"expected a week of the year, 1 to {NUM_WEEKS}, found {week}")
    return [(week - 1 + step) % NUM_WEEKS for step in (-1, 0, 1)]
