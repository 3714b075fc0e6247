"""The data that a model is fitted to, before a moment, and the split by time into validation and test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.tables import Tables
from etl.times import local_midnight
from gnn.config import TrainingConfig
from gnn.data.purchases import Purchases, choose_ranked, read_purchases
from graph.edges import EdgeTables, edge_tables


@dataclass(frozen=True)
class TrainingData:
    """A shop before a moment."""

    tables: Tables
    edges: EdgeTables
    """The graph before that moment; its indices are those of the graph at any moment."""
    purchases: Purchases
    """Columns are item indices."""
    ranked: NDArray[np.int32]
    """Item index of each item that is to be ranked, ascending."""
    ranked_purchases: Purchases
    """The same purchases, columns are ranked indices."""
    is_sequence: bool
    """Whether the model learns from ordered histories, not from baskets (`gnn.data.sequences`)."""


def training_data(
    tables: Tables,
    edges: EdgeTables | None = None,
    *,
    config: TrainingConfig,
    is_sequence: bool,
    until: datetime | None = None,
) -> TrainingData:
    """The data of `tables` before `until` (all where it is none).

    `edges` is the graph before that moment, counted from the tables where it is not given. `is_sequence` is a
    property of all purchases of the shop: those before a moment, or of ranked items alone, may differ.
    """
    if edges is None:
        edges = edge_tables(tables, until=until)
    purchases = read_purchases(tables, edges, until=until)
    # Sequences rank everything that was bought.
    least = 1 if is_sequence and config.min_item_baskets is None else config.min_item_baskets
    ranked = choose_ranked(purchases, min_item_baskets=least)
    return TrainingData(tables, edges, purchases, ranked, purchases.of_items(ranked), is_sequence)


@dataclass(frozen=True)
class TimeSplit:
    """Train on events before `validation_from`, tune on those before `test_from`, test on the rest."""

    validation_day: date
    test_day: date
    validation_from: datetime
    """Beginning of `validation_day`, in UTC."""
    test_from: datetime
    """Beginning of `test_day`, in UTC."""


def split_by_time(tables: Tables, *, config: TrainingConfig) -> TimeSplit | None:
    """The split at the days in `config`, or by shares of the events where `config` names no days.

    By shares, test begins on the first local day such that it and later days hold at most `holdout_share` of
    the events; validation holds as large a share before it. None where the events lie on fewer than three
    days.
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
    # Training, validation and test have at least a day each.
    last = len(days) - 1
    test = min(_first_from(shares, 1 - config.holdout_share), last)
    validation = min(_first_from(shares, 1 - 2 * config.holdout_share), test - 1)
    return (days[max(validation, 1)], days[max(test, 2)])


def _first_from(shares: list[float], share: float) -> int:
    return next((position for position, before in enumerate(shares) if before >= share), len(shares))
