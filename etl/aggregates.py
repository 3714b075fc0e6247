"""Events aggregated for the graph: by user and item, by user, by item, and by user and bundle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from etl.engine import open_engine
from etl.tables import Tables

#: Weeks of a year from 1 January on: 52 of seven days, and one of the last day or two.
NUM_WEEKS = 53
#: Counts by week are null for items in fewer baskets: they would show noise, not a season.
MIN_SEASON_BASKETS = 3


def user_item_events(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """What each user did with each item before `until`.

    Anonymous events are left out.

    Returns:
        user_id, item_id, event, count (of event rows), first_at, last_at; sorted by user_id, item_id, event.
    """
    with _open_events(tables, "interactions", until) as events:
        return (
            events.filter(_.user_id.notnull())
            .group_by("user_id", "item_id", "event")
            .agg(count=_.count(), first_at=_.timestamp.min(), last_at=_.timestamp.max())
            .order_by("user_id", "item_id", "event")
            .to_pyarrow()
        )


def user_spans(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """Times of each user's first and last event on an item before `until`.

    Returns:
        user_id, first_seen, last_seen; sorted by user_id. Users without such an event are left out.
    """
    with _open_events(tables, "interactions", until) as events:
        return (
            events.filter(_.user_id.notnull())
            .group_by("user_id")
            .agg(first_seen=_.timestamp.min(), last_seen=_.timestamp.max())
            .order_by("user_id")
            .to_pyarrow()
        )


def item_baskets(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """How many baskets of the association event hold each item, in total and by week of the year.

    Only events before `until` count. A basket counts in the week of its first local day, numbered
    (day of the year - 1) // 7 + 1 and summed over all years, so the weeks of an item add up to its baskets.

    Returns:
        item_id, baskets, baskets_by_week (53 counts, weeks 1 to 53; null for items in fewer than
        `MIN_SEASON_BASKETS` baskets); sorted by item_id. Items in no basket are left out.
    """
    with _open_events(tables, "interactions", until) as events:
        lines = events.filter(_.event == tables.manifest.association_event, _.basket_id.notnull())
        first_days = lines.group_by("basket_id").agg(day=_.local_date.min())
        counted = (
            lines.select("item_id", "basket_id")
            .distinct()
            .join(first_days, "basket_id")
            .mutate(week=(_.day.day_of_year() - 1) // 7)
            .group_by("item_id", "week")
            .agg(baskets=_.count())
            .order_by("item_id", "week")
            .to_pyarrow()
        )
    encoded = counted["item_id"].combine_chunks().dictionary_encode()
    weeks = np.zeros((len(encoded.dictionary), NUM_WEEKS), dtype=np.int64)
    weeks[encoded.indices.to_numpy(), counted["week"].to_numpy()] = counted["baskets"].to_numpy()
    baskets = weeks.sum(axis=1)
    ends = np.arange(0, NUM_WEEKS * (len(weeks) + 1), NUM_WEEKS, dtype=np.int32)
    by_week = pa.ListArray.from_arrays(ends, weeks.ravel())
    return pa.table(
        {
            "item_id": encoded.dictionary,
            "baskets": baskets,
            "baskets_by_week": pc.if_else(baskets >= MIN_SEASON_BASKETS, by_week, None),
        }
    )


def user_bundle_events(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """How often each user chose each bundle before `until`; events without a time count as earlier.

    Returns:
        user_id, bundle_id, count (of event rows), last_at (null if no event has a time); sorted by both ids.
    """
    with _open_events(tables, "bundle_interactions", until) as events:
        return (
            events.filter(_.user_id.notnull())
            .group_by("user_id", "bundle_id")
            .agg(count=_.count(), last_at=_.timestamp.max())
            .order_by("user_id", "bundle_id")
            .to_pyarrow()
        )


@contextmanager
def _open_events(tables: Tables, name: str, until: datetime | None) -> Iterator[ibis.Table]:
    with open_engine() as engine:
        events = ibis.duckdb.from_connection(engine).read_parquet(tables.path(name))
        yield events if until is None else events.filter(_.timestamp.isnull() | (_.timestamp < until))
