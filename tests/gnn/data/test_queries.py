from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.data.purchases import PurchaseLog
from gnn.data.queries import (
    CompletionQueries,
    NextItemQueries,
    completion_queries,
    item_queries,
    item_sets,
    natural_order,
    next_item_queries,
)
from gnn.scoring.sequences import Sequences
from graph.edges import EdgeTables, edge_tables
from tests.gnn.conftest import Line, MakeTables

#: Item index of each of three ranked items.
RANKED = np.array([10, 11, 12], dtype=np.int32)
START = datetime(2024, 1, 1, tzinfo=UTC)
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


def test_only_baskets_of_the_window_with_enough_items_are_queries(tables: Tables, edges: EdgeTables) -> None:
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


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def log(*users: list[tuple[int, float]], num_ranked: int = 6) -> PurchaseLog:
    """Each user's (item, day), oldest first."""
    lengths = [len(events) for events in users]
    at = [day(number) for events in users for _, number in events]
    return PurchaseLog(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        item=np.array([item for events in users for item, _ in events], dtype=np.int32),
        at=np.array([int(moment.timestamp()) * 1_000_000 for moment in at], dtype=np.int64),
        num_ranked=num_ranked,
    )


def test_the_first_purchase_of_the_window_is_hidden_and_all_before_it_is_the_history() -> None:
    queries = next_item_queries(log([(3, 0), (1, 2), (4, 5), (5, 6)]), since=day(4), until=day(7))

    assert queries.hidden.tolist() == [4]
    assert queries.histories.item.tolist() == [3, 1]
    assert queries.histories.age_days.tolist() == [5 - 0, 5 - 2]
    assert queries.carts.toarray().tolist() == [[0, 1, 0, 1, 0, 0]]


def test_a_strict_history_ends_at_its_moment() -> None:
    purchases = log([(3, 0), (1, 2), (4, 5)])

    strict = next_item_queries(purchases, since=day(4), until=None, history_until=day(1))

    assert strict.histories.item.tolist() == [3]
    assert strict.hidden.tolist() == [4]


def test_users_without_a_history_or_a_purchase_in_the_window_have_no_query() -> None:
    purchases = log([(0, 5)], [(0, 1), (1, 2)], [(2, 1), (3, 5)], [])

    queries = next_item_queries(purchases, since=day(4), until=day(9))

    assert queries.users.tolist() == [2]


def test_what_is_bought_at_the_very_moment_is_not_before_it() -> None:
    queries = next_item_queries(log([(0, 1), (1, 5), (2, 5)]), since=day(4), until=None)

    assert queries.hidden.tolist() == [1]
    assert queries.histories.item.tolist() == [0]


def test_an_item_that_the_user_already_had_is_not_hidden() -> None:
    queries = next_item_queries(log([(0, 1), (0, 5), (2, 6)], [(1, 1), (1, 5)]), since=day(4), until=None)

    assert queries.users.tolist() == [0]
    assert queries.hidden.tolist() == [2]
    assert queries.carts.toarray()[0].tolist() == [1, 0, 0, 0, 0, 0]


def test_a_part_of_the_queries_keeps_their_histories() -> None:
    purchases = log([(0, 1), (1, 5)], [(2, 1), (3, 2), (4, 5)], [(5, 1), (0, 5)])

    queries = next_item_queries(purchases, since=day(4), until=None)

    assert isinstance(queries[1:], NextItemQueries)
    assert queries[1:].histories.item.tolist() == [2, 3, 5]
    assert queries[::2].hidden.tolist() == [1, 0]


def test_a_window_without_purchases_has_no_next_items() -> None:
    queries = next_item_queries(log([(0, 1), (1, 2)]), since=day(4), until=day(5))

    assert len(queries) == 0
    assert len(queries.histories) == 0
    assert queries.carts.shape == (0, 6)


def test_carts_and_users_reach_the_scorer_as_item_indices() -> None:
    queries = CompletionQueries(
        csr_matrix(np.array([[1, 0, 1], [0, 0, 0]], dtype=np.float32)),
        np.array([4, -1]),
        np.array([1, 1]),
        ("a", "b"),
    )

    found = item_queries(queries, RANKED)

    assert [(list(query.cart), query.user_index) for query in found] == [([10, 12], 4), ([], None)]
    assert all(query.events is None and not query.recent for query in found)


def test_a_history_reaches_the_scorer_in_its_order_and_with_its_ages() -> None:
    histories = Sequences(
        indptr=np.array([0, 3, 3, 4]),
        item=np.array([2, 0, 2, 1], dtype=np.int32),
        age_days=np.array([9.0, 3.0, 1.0, 0.5], dtype=np.float32),
    )
    queries = NextItemQueries(
        item_sets(histories, num_ranked=3),
        np.array([5, 6, 7]),
        np.array([1, 0, 0]),
        ("",) * 3,
        histories=histories,
    )

    found = item_queries(queries, RANKED)

    events = [query.events for query in found if query.events is not None]
    assert [items.tolist() for items, _ in events] == [[12, 10, 12], [], [11]]
    assert [ages.tolist() for _, ages in events] == [[9, 3, 1], [], [0.5]]
    # The history is as old as the query, so that of the user in the artifact must not be read.
    assert all(query.user_index is None and not query.cart for query in found)


@pytest.mark.parametrize("is_sequence", [False, True])
def test_no_queries_stay_none(is_sequence: bool) -> None:
    nothing = Sequences(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    carts, indices = item_sets(nothing, num_ranked=3), np.zeros(0, np.int64)
    queries = (
        NextItemQueries(carts, indices, indices, (), histories=nothing)
        if is_sequence
        else CompletionQueries(carts, indices, indices, ())
    )

    assert item_queries(queries, RANKED) == []
