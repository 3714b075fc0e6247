"""Which days a model is judged on: validation and test windows by the shop's local day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from etl.tables import Tables
from etl.times import local_midnight
from gnn.config import TrainingConfig


@dataclass(frozen=True)
class TimeSplit:
    """Learn from what is before `validation_from`, tune on what is before `test_from`, test on the rest."""

    validation_day: date
    test_day: date
    validation_from: datetime
    """The instant at which that local day begins, UTC."""
    test_from: datetime


def split_by_time(tables: Tables, *, config: TrainingConfig) -> TimeSplit | None:
    """The days in `config`, else by shares of the events.

    By shares, test begins on the first local day from which at most `holdout_share` of the events follow, and
    validation likewise before it. None where the events lie on fewer than three days.
    """
    days = _chosen_days(tables, config)
    if days is None:
        return None
    validation_day, test_day = days
    timezone = tables.manifest.timezone
    return TimeSplit(
        validation_day,
        test_day,
        local_midnight(validation_day, timezone),
        local_midnight(test_day, timezone),
    )


def _chosen_days(tables: Tables, config: TrainingConfig) -> tuple[date, date] | None:
    if config.validation_from is not None and config.test_from is not None:
        return config.validation_from, config.test_from
    events = tables.read("interactions", ["event", "local_date"])
    events = events.filter(pc.equal(events["event"], tables.manifest.association_event))
    counts = events.group_by("local_date").aggregate([([], "count_all")]).sort_by("local_date")
    if counts.num_rows < 3:
        return None
    days: list[date] = counts["local_date"].to_pylist()
    before = pc.subtract(pc.cumulative_sum(counts["count_all"]), counts["count_all"])
    shares = pc.divide(before.cast(pa.float64()), float(events.num_rows)).to_pylist()
    # Both windows and what is learned from have a day at least.
    last = len(days) - 1
    test = min(_first_from(shares, 1 - config.holdout_share), last)
    validation = min(_first_from(shares, 1 - 2 * config.holdout_share), test - 1)
    return (days[max(validation, 1)], days[max(test, 2)])


def _first_from(shares: list[float], share: float) -> int:
    return next((position for position, before in enumerate(shares) if before >= share), len(shares))
