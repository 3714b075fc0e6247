from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from etl.tables import Tables
from graph.edges import edge_tables
from graph.errors import GraphError
from graph.schema import RELATIONSHIP_TYPES
from tests.graph.planted import NOON, Rows, shop

PURCHASED = ("User", "PURCHASED", "Item")


def test_nodes_are_in_the_order_of_their_keys_and_edges_point_at_their_rows(shop_tables: Tables) -> None:
    tables = edge_tables(shop_tables)

    assert tables.nodes["User"]["user_id"].to_pylist() == ["ann", "bob", "eve", "never"]
    assert tables.nodes["Item"]["item_id"].to_pylist() == ["0012", "a/b", "cold", "unlisted", "ä'ö\""]
    assert tables.edges[PURCHASED].to_pylist() == [
        {"source_index": 0, "target_index": 0, "count": 2, "first_at": NOON, "last_at": NOON + timedelta(2)},
        {
            "source_index": 0,
            "target_index": 1,
            "count": 1,
            "first_at": NOON + timedelta(2),
            "last_at": NOON + timedelta(2),
        },
        {
            "source_index": 1,
            "target_index": 0,
            "count": 1,
            "first_at": NOON + timedelta(1),
            "last_at": NOON + timedelta(1),
        },
    ]


def test_every_relationship_type_has_a_table_even_if_it_is_empty(
    write_tables: Callable[[Rows], Tables],
) -> None:
    tables = edge_tables(write_tables({}))

    assert set(tables.edges) == {(of.source, of.type, of.target) for of in RELATIONSHIP_TYPES.values()}
    assert {edges.num_rows for edges in tables.edges.values()} == {0}


def test_margin_is_a_share_of_the_price_if_price_and_cost_are_known(shop_tables: Tables) -> None:
    items = edge_tables(shop_tables).nodes["Item"].to_pylist()

    margins = {item["item_id"]: item["margin"] for item in items}
    # a/b has no cost; a price of 0 has no margin.
    assert margins == {"0012": (1.0 - 0.75) / 1.0, "a/b": None, "cold": None, "unlisted": None, "ä'ö\"": None}


def test_links_of_one_pair_are_one_edge_for_each_kind_and_no_kind_is_empty_text(
    shop_tables: Tables,
) -> None:
    links = edge_tables(shop_tables).edges["Item", "LINKED", "Item"]

    assert links.to_pylist() == [
        {"source_index": 0, "target_index": 1, "kind": ""},
        {"source_index": 0, "target_index": 1, "kind": "accessory"},
        {"source_index": 1, "target_index": 0, "kind": "accessory"},
    ]


def test_a_cut_leaves_out_later_events_and_keeps_the_indices(shop_tables: Tables) -> None:
    whole = edge_tables(shop_tables)

    before = edge_tables(shop_tables, until=NOON + timedelta(days=1))

    counts = ["baskets", "baskets_by_week"]
    assert before.nodes["Item"].drop(counts).equals(whole.nodes["Item"].drop(counts))
    assert before.nodes["Item"]["baskets"].to_pylist() == [1, 0, 0, 0, 0]
    assert whole.nodes["Item"]["baskets"].to_pylist() == [3, 2, 0, 0, 0]
    # Two baskets tell no season.
    by_week = whole.nodes["Item"]["baskets_by_week"].to_pylist()
    assert by_week == [[0] * 8 + [3] + [0] * 44, None, None, None, None]
    assert before.nodes["User"]["user_id"].equals(whole.nodes["User"]["user_id"])
    assert before.edges[PURCHASED].select(["source_index", "target_index", "count"]).to_pylist() == [
        {"source_index": 0, "target_index": 0, "count": 1}
    ]
    # Ann's span ends at her only event before the cut; bob's begins long before.
    assert before.nodes["User"]["last_seen"].to_pylist() == [NOON, NOON - timedelta(days=30_000), None, None]
    # The one basket before the cut holds one item: nothing is bought together.
    assert before.edges["Item", "CO_PURCHASED", "Item"].num_rows == 0


def test_a_key_that_no_node_has_is_named(write_tables: Callable[[Rows], Tables]) -> None:
    rows = shop()
    rows["promotion_items"].append({"promotion_id": "p", "item_id": "nowhere", "discount": 0.1})

    with pytest.raises(GraphError, match=r"item_id among the Item nodes, 1 unknown \(first: 'nowhere'\)"):
        edge_tables(write_tables(rows))
