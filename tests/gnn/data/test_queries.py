from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from etl.tables import Tables
from gnn.data.queries import CompletionQueries, completion_queries, natural_order
from graph.edges import EdgeTables, edge_tables
from tests.gnn.conftest import Line, MakeTables

CUT = datetime(2024, 1, 10, tzinfo=UTC)
BASKETS = {
    "9": ["7", "30", "200"],
    "10": ["7", "8", "30", "200"],
    "11": ["8", "30"],
    "100": ["200", "7", "8"],
}


@pytest.fixture(scope="module")
def tables(make_tables: MakeTables) -> Tables:
    lines: list[Line] = [("7", "2024-01-01T10:00:00Z", "ann", "1"), ("8", "2024-01-02T10:00:00Z", "ann", "2")]
    for basket, items in BASKETS.items():
        lines += [(item, "2024-01-12T10:00:00Z", "ann" if basket != "100" else "", basket) for item in items]
    return make_tables(lines)


@pytest.fixture(scope="module")
def edges(tables: Tables) -> EdgeTables:
    return edge_tables(tables)


def ask(tables: Tables, edges: EdgeTables, **changes: object) -> CompletionQueries:
    item_ids = edges.nodes["Item"]["item_id"].to_pylist()
    ranked = np.arange(len(item_ids), dtype=np.int32)
    arguments = {
        "since": CUT, "until": None, "min_basket_items": 3, "max_queries": 10, "rng": np.random.default_rng(0)
    } | changes  # fmt: skip
    return completion_queries(tables, edges, ranked, **arguments)  # type: ignore[arg-type]  # as above


def test_ids_that_are_numbers_are_in_the_order_of_the_numbers() -> None:
    ids = ["10", "9", "007", "100"]

    assert [ids[position] for position in natural_order(ids)] == ["007", "9", "10", "100"]


def test_other_ids_are_in_the_order_of_length_and_code_point() -> None:
    ids = ["b", "aa", "10", "a"]

    assert [ids[position] for position in natural_order(ids)] == ["a", "b", "10", "aa"]


def test_queries_are_drawn_as_protocol_b_draws_them(tables: Tables, edges: EdgeTables) -> None:
    rng = np.random.default_rng(0)
    eligible = [basket for basket in sorted(BASKETS, key=int) if len(BASKETS[basket]) >= 3]
    chosen = [eligible[position] for position in rng.choice(3, 2, replace=False)]
    hidden = [sorted(BASKETS[b], key=int)[int(rng.integers(len(BASKETS[b])))] for b in chosen]

    queries = ask(tables, edges, max_queries=2)

    item_ids = edges.nodes["Item"]["item_id"].to_pylist()
    assert list(queries.basket_ids) == chosen
    assert [item_ids[item] for item in queries.hidden] == hidden


def test_the_cart_is_the_basket_without_the_hidden_item(tables: Tables, edges: EdgeTables) -> None:
    queries = ask(tables, edges)

    item_ids = edges.nodes["Item"]["item_id"].to_pylist()
    for row, basket in enumerate(queries.basket_ids):
        cart = {item_ids[item] for item in queries.carts[row].indices}
        assert cart == set(BASKETS[basket]) - {item_ids[queries.hidden[row]]}


def test_only_baskets_of_the_window_with_enough_items_are_asked(tables: Tables, edges: EdgeTables) -> None:
    assert sorted(ask(tables, edges).basket_ids) == ["10", "100", "9"]
    assert ask(
        tables, edges, until=CUT, since=datetime(2024, 1, 1, tzinfo=UTC), min_basket_items=1
    ).basket_ids == (("2", "1") if np.random.default_rng(0).choice(2, 2, replace=False)[0] else ("1", "2"))


def test_an_anonymous_basket_has_no_user(tables: Tables, edges: EdgeTables) -> None:
    queries = ask(tables, edges)

    users = dict(zip(queries.basket_ids, queries.users.tolist(), strict=True))
    assert users == {"9": 0, "10": 0, "100": -1}


def test_a_window_without_baskets_has_no_queries(tables: Tables, edges: EdgeTables) -> None:
    assert len(ask(tables, edges, since=datetime(2030, 1, 1, tzinfo=UTC))) == 0
