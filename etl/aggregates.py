"""Events summed up, as the graph stores them: a row a user and item, a user, an item."""

from __future__ import annotations

from datetime import datetime

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from etl.engine import open_engine
from etl.tables import Tables

#: Of a year, from 1 January on: 52 of seven days and one of the last day or two.
NUM_WEEKS = 53
#: Fewer baskets tell no season.
MIN_SEASON_BASKETS = 3


def user_item_events(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """What each user did with each item before `until`.

    Anonymous events are left out.

    Returns:
        user_id, item_id, event, count (event rows), first_at, last_at; sorted by user_id, item_id, event.
    """
    return (
        _events(tables, "interactions", until)
        .group_by("user_id", "item_id", "event")
        .agg(count=_.count(), first_at=_.timestamp.min(), last_at=_.timestamp.max())
        .order_by("user_id", "item_id", "event")
        .to_pyarrow()
    )


def user_spans(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """When each user was first and last seen before `until`, in events on items.

    Returns:
        user_id, first_seen, last_seen; sorted by user_id. Users without such an event are not in it.
    """
    return (
        _events(tables, "interactions", until)
        .group_by("user_id")
        .agg(first_seen=_.timestamp.min(), last_seen=_.timestamp.max())
        .order_by("user_id")
        .to_pyarrow()
    )


def item_baskets(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """How many baskets before `until` hold each item: baskets of the event that associations count.

    By week of the year, all years together, a basket counts in the week of its first local day,
    (day of the year - 1) // 7 + 1: so the weeks of an item add up to its baskets.

    Returns:
        item_id, baskets, baskets_by_week (53 counts, weeks 1 to 53; null where there are fewer than
        `MIN_SEASON_BASKETS`); sorted by item_id. Items in no basket are not in it.
    """
    lines = _until(_table(tables, "interactions"), until).filter(
        _.event == tables.manifest.association_event, _.basket_id.notnull()
    )
    begun = lines.group_by("basket_id").agg(day=_.local_date.min())
    counted = (
        lines.select("item_id", "basket_id")
        .distinct()
        .join(begun, "basket_id")
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
    """How often each user chose each bundle before `until`; events without a time count as before.

    Returns:
        user_id, bundle_id, count (event rows), last_at (null where no event has a time); sorted by both ids.
    """
    return (
        _events(tables, "bundle_interactions", until)
        .group_by("user_id", "bundle_id")
        .agg(count=_.count(), last_at=_.timestamp.max())
        .order_by("user_id", "bundle_id")
        .to_pyarrow()
    )


def _events(tables: Tables, name: str, until: datetime | None) -> ibis.Table:
    return _until(_table(tables, name).filter(_.user_id.notnull()), until)


def _table(tables: Tables, name: str) -> ibis.Table:
    return ibis.duckdb.from_connection(open_engine()).read_parquet(tables.path(name))


def _until(events: ibis.Table, until: datetime | None) -> ibis.Table:
    return events if until is None else events.filter(_.timestamp.isnull() | (_.timestamp < until))
