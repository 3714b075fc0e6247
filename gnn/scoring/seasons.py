"""What lifts around a date of the year. NumPy alone: serving runs it.

For an item i, and the weeks W = {w - 1, w, w + 1} of the year as a circle:

    lift(i, w) = (n + 5) / (e + 5),   n = baskets of i in W,   e = baskets of i · share of W

The share of W is that of all items' baskets. So an item that is bought in W as all else is has 1, and one
with few baskets is near 1 (`gnn.scoring.shrunk_lift`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.seasons_model import NUM_WEEKS, Seasons
from gnn.scoring.shrunk_lift import shrunk_lift


@dataclass(frozen=True)
class SeasonEvidence:
    """What speaks for an item around a week; counts as the graph has them (query `item_seasons`)."""

    baskets: int
    """Of the item, in the week, the one before and the one after."""
    of_baskets: int
    """Of the item, in all weeks."""
    lift: float


class SeasonLift:
    """Answers from one artifact's part. Holds no state of a question: threads may share it."""

    def __init__(self, seasons: Seasons, *, num_items: int) -> None:
        self._seasons, self._num_items = seasons, num_items
        self._total = seasons.baskets.sum(axis=1, dtype=np.int64)
        # A week a row: three of them are summed for every request.
        self._weeks = np.ascontiguousarray(seasons.baskets.T)

    def lift(self, week: int) -> NDArray[np.float64]:
        """How many times as often as all else each item is bought around `week` (1 to 53), [num_items].

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

    But for leap years, in which what follows 29 February is a day later.
    """
    return (day.timetuple().tm_yday - 1) // 7 + 1


def _weeks_around(week: int) -> list[int]:
    """Columns of `week` and its neighbours; the first week of a year follows its last."""
    if not 1 <= week <= NUM_WEEKS:
        raise ValueError(f"expected a week of the year, 1 to {NUM_WEEKS}, found {week}")
    return [(week - 1 + step) % NUM_WEEKS for step in (-1, 0, 1)]
