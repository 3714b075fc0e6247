"""The graph of a tables folder as rows: the one derivation that stores load and edge tables index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from etl.aggregates import (
    item_baskets,
    user_bundle_events,
    user_item_events,
    user_spans,
)
from etl.associations import count_category_pairs, count_co_purchases
from etl.tables import Tables
from graph.errors import GraphError
from graph.schema import (
    EVENT_RELATIONSHIPS,
    LOADED_RELATIONSHIPS,
    NODE_TYPES,
    RELATIONSHIP_TYPES,
    SOURCE_KEY,
    TARGET_KEY,
    RelationshipType,
)


@dataclass(frozen=True)
class GraphRows:
    """All nodes and relationships that a load writes, keyed by external ids.

    Node tables have the columns of `NodeType.columns`, relationship tables those of
    `RelationshipType.row_columns`; each is sorted by its key (`row_key`) in code-point order.
    """

    nodes: Mapping[str, pa.Table]
    """By label."""
    relationships: Mapping[str, pa.Table]
    """By relationship type, without those that a model writes back."""
    tables_version: str


def graph_rows(tables: Tables, *, until: datetime | None = None) -> GraphRows:
    """Rows of the graph of `tables`, with events before `until` alone.

    Only what events make depends on `until`: spans of users, baskets of items, events, co-purchases, category
    pairs, choices of bundles. Nodes and the catalogue are all there at any cut, so that an index means the
    same at each.

    Raises:
        GraphError: If a relationship names a key that no node has.
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
        relationships={
            relationship.type: sorted_relationships(relationship.type, relationships[relationship.type])
            for relationship in LOADED_RELATIONSHIPS
        },
        tables_version=tables.manifest.tables_version,
    )
    for relationship in LOADED_RELATIONSHIPS:
        source_index(rows, relationship)
        target_index(rows, relationship)
    return rows


def source_index(rows: GraphRows, relationship: RelationshipType) -> pa.ChunkedArray:
    """Row number, in its node table, of the source of each relationship.

    Raises:
        GraphError: If a key is that of no node.
    """
    keys = rows.relationships[relationship.type][SOURCE_KEY]
    return _index(keys, rows.nodes[relationship.source], relationship.source)


def target_index(rows: GraphRows, relationship: RelationshipType) -> pa.ChunkedArray:
    """Row number, in its node table, of the target of each relationship.

    Raises:
        GraphError: If a key is that of no node.
    """
    keys = rows.relationships[relationship.type][TARGET_KEY]
    return _index(keys, rows.nodes[relationship.target], relationship.target)


def sorted_nodes(label: str, rows: pa.Table) -> pa.Table:
    """The columns of `label` out of `rows`, in its types and the order of its key."""
    columns = NODE_TYPES[label].columns
    return rows.select(columns.names).cast(columns).sort_by(columns.names[0]).combine_chunks()


def sorted_relationships(relationship_type: str, rows: pa.Table) -> pa.Table:
    """The columns of `relationship_type` out of `rows`, in its types and the order of its key."""
    relationship = RELATIONSHIP_TYPES[relationship_type]
    columns = relationship.row_columns
    order = [(name, "ascending") for name in relationship.row_key]
    return rows.select(columns.names).cast(columns).sort_by(order).combine_chunks()


def _users(tables: Tables, until: datetime | None) -> pa.Table:
    mentioned = [tables.read(name, ["user_id"]) for name in ("users", "interactions", "bundle_interactions")]
    known = pa.table({"user_id": pc.unique(pa.concat_tables(mentioned)["user_id"]).drop_null()})
    return known.join(user_spans(tables, until=until), "user_id", join_type="left outer")


def _items(tables: Tables, until: datetime | None) -> pa.Table:
    items = tables.read("items")
    # A price of zero has no margin: the division would give -inf.
    price = pc.if_else(pc.greater(items["price"], 0.0), items["price"], None)
    margin = pc.divide(pc.subtract(price, items["cost"]), price)
    items = items.append_column("margin", margin)
    counted = item_baskets(tables, until=until)
    place = pc.index_in(items["item_id"], value_set=counted["item_id"].combine_chunks())
    counts = counted.take(place)
    items = items.append_column("baskets", pc.fill_null(counts["baskets"], 0))
    return items.append_column("baskets_by_week", counts["baskets_by_week"])


def _brands(tables: Tables) -> pa.Table:
    brands = pc.unique(tables.read("items", ["brand"])["brand"]).drop_null()
    return pa.table({"brand_id": brands, "name": brands})


def _bundles(tables: Tables) -> pa.Table:
    bundles = tables.read("bundles")
    source = pa.array(["merchant"] * bundles.num_rows, pa.string())
    return bundles.append_column("source", source)


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
    """`rows` with their first two columns named as keys; rows without one of them have no relationship."""
    named = rows.rename_columns([SOURCE_KEY, TARGET_KEY, *rows.column_names[2:]])
    return named.filter(pc.and_(pc.is_valid(named[SOURCE_KEY]), pc.is_valid(named[TARGET_KEY])))


def _index(keys: pa.ChunkedArray, nodes: pa.Table, label: str) -> pa.ChunkedArray:
    known = nodes[NODE_TYPES[label].key]
    index = pc.index_in(keys, value_set=known.combine_chunks()).cast(pa.int64())
    if index.null_count:
        unknown = keys.filter(pc.is_null(index))
        raise GraphError(
            f"expected {NODE_TYPES[label].key} among the {label} nodes, {len(unknown)} unknown "
            f"(first: {unknown[0].as_py()!r}): run bundlegraph ingest"
        )
    return index
