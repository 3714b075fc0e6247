from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from etl.tables import Tables
from gnn.data.purchases import choose_ranked, read_purchases
from graph.edges import edge_tables
from tests.gnn.conftest import Line, MakeTables

LINES: list[Line] = [
    ("a", "2024-01-01T00:00:00Z", "ann", "1"),
    ("b", "2024-01-01T00:00:00Z", "ann", "1"),
    ("a", "2024-01-01T00:00:00Z", "ann", "1"),
    ("a", "2024-01-31T00:00:00Z", "ann", "2"),
    ("c", "2024-02-10T00:00:00Z", "", "3"),
]


@pytest.fixture(scope="module")
def tables(make_tables: MakeTables) -> Tables:
    return make_tables(LINES)


def test_lines_counts_and_events_are_what_a_hand_counts(tables: Tables) -> None:
    purchases = read_purchases(tables, edge_tables(tables), until=datetime(2024, 2, 1, tzinfo=UTC))

    assert purchases.lines.toarray().tolist() == [[2, 1, 0], [1, 0, 0]]
    assert purchases.counts.toarray().tolist() == [[3, 1, 0]]
    assert purchases.events.indptr.tolist() == [0, 4]
    assert purchases.events.item.tolist() == [0, 0, 1, 0]
    assert purchases.events.age_days.tolist() == [30, 30, 30, 0]
    assert purchases.basket_user.tolist() == [0, 0]
    assert purchases.basket_age.tolist() == [30.0, 0.0]
    assert purchases.as_of == datetime(2024, 1, 31, tzinfo=UTC)


def test_an_anonymous_basket_is_a_basket_and_no_history(tables: Tables) -> None:
    purchases = read_purchases(tables, edge_tables(tables))

    assert purchases.basket_user.tolist() == [0, 0, -1]
    assert purchases.counts.sum() == 4
    assert purchases.item_baskets.tolist() == [2, 1, 1]


def test_counts_are_those_of_the_graph(shop: Tables) -> None:
    edges = edge_tables(shop)
    purchased = edges.edges["User", "PURCHASED", "Item"]

    counts = read_purchases(shop, edges).counts.tocoo()

    assert np.array_equal(counts.row, purchased["source_index"].to_numpy())
    assert np.array_equal(counts.col, purchased["target_index"].to_numpy())
    assert np.array_equal(counts.data, purchased["count"].to_numpy())


def test_the_columns_of_some_items_are_in_their_order(tables: Tables) -> None:
    purchases = read_purchases(tables, edge_tables(tables)).of_items(np.array([0, 2], dtype=np.int32))

    assert purchases.lines.toarray().tolist() == [[2, 0], [1, 0], [0, 1]]
    assert purchases.counts.toarray().tolist() == [[3, 0]]


def test_items_are_ranked_from_a_number_of_baskets_on(tables: Tables) -> None:
    purchases = read_purchases(tables, edge_tables(tables))

    assert choose_ranked(purchases, min_item_baskets=2).tolist() == [0]
    assert choose_ranked(purchases, min_item_baskets=None).tolist() == [0, 1, 2]


def test_before_the_first_event_there_is_nothing(tables: Tables) -> None:
    purchases = read_purchases(tables, edge_tables(tables), until=datetime(2000, 1, 1, tzinfo=UTC))

    assert purchases.lines.shape == (0, 3)
    assert len(choose_ranked(purchases, min_item_baskets=None)) == 0
