from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.data.purchases import PurchaseLog, UserEvents, read_purchase_log, read_purchases
from gnn.data.queries import completion_queries
from graph.edges import EdgeTables, edge_tables
from tests.gnn.conftest import Line, MakeTables

# Ann buys bread on the 1st and the 11th and jam on the 11th; Bob jam on the 2nd. Butter is not ranked.
LINES: list[Line] = [
    ("bread", "2024-01-01T12:00:00Z", "ann", "1"),
    ("jam", "2024-01-02T12:00:00Z", "bob", "2"),
    ("bread", "2024-01-11T12:00:00Z", "ann", "3"),
    ("butter", "2024-01-11T12:00:00Z", "ann", "3"),
    ("jam", "2024-01-11T12:00:00Z", "ann", "3"),
    ("jam", "2024-01-12T12:00:00Z", "", "4"),
]
BREAD, JAM = 0, 1


@pytest.fixture(scope="module")
def tables(make_tables: MakeTables) -> Tables:
    return make_tables(LINES)


@pytest.fixture(scope="module")
def edges(tables: Tables) -> EdgeTables:
    return edge_tables(tables)


@pytest.fixture(scope="module")
def log(tables: Tables, edges: EdgeTables) -> PurchaseLog:
    item_ids = edges.nodes["Item"]["item_id"].to_pylist()
    ranked = np.array([item_ids.index("bread"), item_ids.index("jam")], dtype=np.int32)
    return read_purchase_log(tables, edges, ranked)


def user_indices(edges: EdgeTables, log: PurchaseLog) -> tuple[int, int]:
    """Ann is the user of three ranked purchases."""
    ann = int(np.argmax(np.diff(log.indptr)))
    return ann, 1 - ann


def moments(*texts: str) -> NDArray[np.datetime64]:
    return np.array(texts, dtype="datetime64[us]")


def of_query(events: UserEvents, query: int) -> list[tuple[int, float]]:
    """Item and age of each event."""
    rows = slice(events.indptr[query], events.indptr[query + 1])
    return list(zip(events.item[rows].tolist(), events.age_days[rows].tolist(), strict=True))


def test_a_history_holds_what_was_bought_before_its_moment(edges: EdgeTables, log: PurchaseLog) -> None:
    ann, bob = user_indices(edges, log)
    until = moments("2024-01-11T12:00:00", "2024-01-21T12:00:00", "2024-01-03T12:00:00")

    found = log.before(np.array([ann, ann, bob]), until=until)

    assert of_query(found, 0) == [(BREAD, 10)]
    assert of_query(found, 1) == [(BREAD, 20), (BREAD, 10), (JAM, 10)]
    assert of_query(found, 2) == [(JAM, 1)]


def test_nobody_and_a_user_before_the_first_purchase_have_empty_histories(
    edges: EdgeTables, log: PurchaseLog
) -> None:
    ann, _ = user_indices(edges, log)

    found = log.before(np.array([-1, ann]), until=moments("2030-01-01", "2024-01-01"))

    assert found.indptr.tolist() == [0, 0, 0]
    assert len(found.item) == len(found.age_days) == 0


def test_no_queries_have_no_histories(log: PurchaseLog) -> None:
    found = log.before(np.zeros(0, dtype=np.int64), until=moments())

    assert found.indptr.tolist() == [0]


def test_a_moment_is_wanted_for_each_user(log: PurchaseLog) -> None:
    with pytest.raises(ValueError, match="a moment for each of 2 users, found 1"):
        log.before(np.array([0, 0]), until=moments("2024-01-01"))


def test_at_the_last_event_they_are_the_histories_that_a_model_is_fitted_to(
    shop: Tables, shop_edges: EdgeTables
) -> None:
    purchases = read_purchases(shop, shop_edges)
    ranked = np.arange(purchases.counts.shape[1], dtype=np.int32)
    users = np.arange(purchases.counts.shape[0])
    last = np.datetime64(purchases.as_of.replace(tzinfo=None), "us") + np.timedelta64(1, "us")

    found = read_purchase_log(shop, shop_edges, ranked).before(users, until=np.repeat(last, len(users)))

    assert np.array_equal(found.indptr, purchases.events.indptr)
    assert np.array_equal(found.item, purchases.events.item)
    assert found.age_days == pytest.approx(purchases.events.age_days, abs=1e-4)


def slow_history(events: pd.DataFrame, user_id: str, until: pd.Timestamp) -> pd.DataFrame:
    """The same by pandas, one query at a time."""
    before = events[(events["user_id"] == user_id) & (events["timestamp"] < until)]
    age = (until - before["timestamp"]).dt.total_seconds() / 86_400
    return before.assign(age=age).sort_values(["timestamp", "item_id"])


def test_rolling_histories_equal_a_slow_search_query_by_query(shop: Tables, shop_edges: EdgeTables) -> None:
    item_ids = shop_edges.nodes["Item"]["item_id"].to_pylist()
    user_ids = shop_edges.nodes["User"]["user_id"].to_pylist()
    ranked = np.arange(len(item_ids), dtype=np.int32)
    queries = completion_queries(
        shop, shop_edges, ranked, since=datetime(2026, 4, 1, tzinfo=UTC), until=None, min_basket_items=2,
        max_queries=25, rng=np.random.default_rng(0),
    )  # fmt: skip
    until = queries.history_until
    assert until is not None

    found = read_purchase_log(shop, shop_edges, ranked).before(queries.users, until=until)

    events = shop.read("interactions", ["user_id", "item_id", "timestamp"]).to_pandas()
    for query, user in enumerate(queries.users):
        expected = slow_history(events, user_ids[user], pd.Timestamp(until[query], tz="UTC"))
        items, ages = zip(*of_query(found, query), strict=True)
        assert [item_ids[item] for item in items] == expected["item_id"].tolist()
        assert ages == pytest.approx(expected["age"].tolist(), rel=1e-6)
