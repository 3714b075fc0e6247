"""Rows of the graph's nodes and relationships, derived from the canonical tables.

Stores load these rows, and edge tables index them, so both see the same graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from etl.aggregates import item_baskets, user_bundle_events, user_item_events, user_spans
from etl.associations import count_category_pairs, count_co_purchases
from etl.tables import Tables
from graph.errors import GraphError
from graph.schema import (
    EVENT_RELATIONSHIPS,
    NODE_TYPES,
    RELATIONSHIP_TYPES,
    SOURCE_KEY,
    TARGET_KEY,
    RelationshipType,
)


@dataclass(frozen=True)
class GraphRows:
    """All nodes and relationships of a graph, identified by external keys.

    Node tables have the columns of `NodeType.columns`, relationship tables those of
    `RelationshipType.row_columns`; each is sorted by its key in code-point order.
    """

    nodes: Mapping[str, pa.Table]
    """By label."""
    relationships: Mapping[str, pa.Table]
    """By relationship type."""
    tables_version: str


def graph_rows(tables: Tables, *, until: datetime | None = None) -> GraphRows:
    """Rows of the graph of `tables`, made from events before `until` only.

    `until` affects what is derived from events: first and last times of users, baskets of items, events,
    co-purchases, category pairs and bundle choices. It does not affect which nodes exist, so a node has the
    same index for every `until`.

    Raises:
        GraphError: If a relationship refers to a key that no node has.
    """
    nodes = {
        "User": _users(tables, until),
        "Item": _items(tables, until),
        "Category": tables.read("categories"),
        "Brand": _brands(tables),
        "Bundle": _bundles(tables),
        "Promotion": tables.read("promotions"),
    }
    relationships = {
        **_events(tables, until),
        "IN_CATEGORY": _pairs(tables.read("items", ["item_id", "category_id"])),
        "CHILD_OF": _pairs(tables.read("categories", ["category_id", "parent_id"])),
        "MADE_BY": _pairs(tables.read("items", ["item_id", "brand"])),
        "CO_PURCHASED": _pairs(
            tables.read("co_purchases") if until is None else count_co_purchases(tables, until=until)
        ),
        "BOUGHT_WITH": _pairs(
            tables.read("category_pairs") if until is None else count_category_pairs(tables, until=until)
        ),
        "LINKED": _links(tables),
        "CONTAINS": _pairs(tables.read("bundle_items")),
        "CHOSE": _pairs(user_bundle_events(tables, until=until)),
        "OFFERS": _pairs(tables.read("promotion_items")),
    }
    rows = GraphRows(
        nodes={label: sorted_nodes(label, nodes[label]) for label in NODE_TYPES},
        relationships={name: sorted_relationships(name, relationships[name]) for name in RELATIONSHIP_TYPES},
        tables_version=tables.manifest.tables_version,
    )
    for relationship in RELATIONSHIP_TYPES.values():
        end_indices(rows, relationship)
    return rows


def end_indices(rows: GraphRows, relationship: RelationshipType) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Row numbers of each relationship's source and target in their node tables (int64).

    Raises:
        GraphError: If a relationship refers to a key that no node has.
    """
    table = rows.relationships[relationship.type]
    return (
        _index(table[SOURCE_KEY], rows.nodes[relationship.source], relationship.source),
        _index(table[TARGET_KEY], rows.nodes[relationship.target], relationship.target),
    )


def sorted_nodes(label: str, rows: pa.Table) -> pa.Table:
    """`rows` with the columns and types of `label`, sorted by its key."""
    columns = NODE_TYPES[label].columns
    return rows.select(columns.names).cast(columns).sort_by(columns.names[0]).combine_chunks()


def sorted_relationships(relationship_type: str, rows: pa.Table) -> pa.Table:
    """`rows` with the columns and types of `relationship_type`, sorted by its key."""
    relationship = RELATIONSHIP_TYPES[relationship_type]
    columns = relationship.row_columns
    order = [(name, "ascending") for name in relationship.row_key]
    return rows.select(columns.names).cast(columns).sort_by(order).combine_chunks()


def _users(tables: Tables, until: datetime | None) -> pa.Table:
    mentioned = [tables.read(name, ["user_id"]) for name in ("users", "interactions", "bundle_interactions")]
    users = pa.table({"user_id": pc.unique(pa.concat_tables(mentioned)["user_id"]).drop_null()})
    return users.join(user_spans(tables, until=until), "user_id", join_type="left outer")


def _items(tables: Tables, until: datetime | None) -> pa.Table:
    items = tables.read("items")
    # A price of zero has no margin: the division would give -inf.
    price = pc.if_else(pc.greater(items["price"], 0.0), items["price"], None)
    margin = pc.divide(pc.subtract(price, items["cost"]), price)
    counted = item_baskets(tables, until=until)
    counts = counted.take(pc.index_in(items["item_id"], value_set=counted["item_id"].combine_chunks()))
    return (
        items.append_column("margin", margin)
        .append_column("baskets", pc.fill_null(counts["baskets"], 0))
        .append_column("baskets_by_week", counts["baskets_by_week"])
    )


def _brands(tables: Tables) -> pa.Table:
    brands = pc.unique(tables.read("items", ["brand"])["brand"]).drop_null()
    return pa.table({"brand_id": brands, "name": brands})


def _bundles(tables: Tables) -> pa.Table:
    bundles = tables.read("bundles")
    return bundles.append_column("source", pa.array(["merchant"] * bundles.num_rows, pa.string()))


def _events(tables: Tables, until: datetime | None) -> dict[str, pa.Table]:
    events = user_item_events(tables, until=until)
    return {
        relationship: _pairs(events.filter(pc.equal(events["event"], event)))
        for event, relationship in EVENT_RELATIONSHIPS.items()
    }


def _links(tables: Tables) -> pa.Table:
    links = _pairs(tables.read("item_links", ["item_id", "related_item_id", "kind"]))
    return links.set_column(2, "kind", pc.fill_null(links["kind"], ""))


def _pairs(rows: pa.Table) -> pa.Table:
    """`rows` with their first two columns renamed to the key columns; rows with a null key are dropped."""
    named = rows.rename_columns([SOURCE_KEY, TARGET_KEY, *rows.column_names[2:]])
    return named.filter(pc.and_(pc.is_valid(named[SOURCE_KEY]), pc.is_valid(named[TARGET_KEY])))


def _index(keys: pa.ChunkedArray, nodes: pa.Table, label: str) -> pa.ChunkedArray:
    key = NODE_TYPES[label].key
    index = pc.index_in(keys, value_set=nodes[key].combine_chunks()).cast(pa.int64())
    if index.null_count:
        unknown = keys.filter(pc.is_null(index))
        raise GraphError(
            f"expected {key} among the {label} nodes, {len(unknown)} unknown "
            f"(first: {unknown[0].as_py()!r}): run bundlegraph ingest"
        )
    return index
