"""Edge tables: the graph in the form that a model learns from, with contiguous indices instead of keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from etl.tables import Tables
from graph.rows import GraphRows, end_indices, graph_rows
from graph.schema import RELATIONSHIP_TYPES

#: (source label, relationship type, target label), as PyG's `HeteroData` names an edge type.
EdgeType = tuple[str, str, str]


@dataclass(frozen=True)
class EdgeTables:
    """Nodes and edges of the graph as Arrow tables."""

    nodes: Mapping[str, pa.Table]
    """By label. The first column is the key (`user_id`, `item_id`, `category_id`, `brand_id`, `bundle_id` or
    `promotion_id`); rows are sorted by it in code-point order. A node's index is its row number."""
    edges: Mapping[EdgeType, pa.Table]
    """By edge type. Columns are `source_index`, `target_index` (int64), then the relationship's properties as
    `graph.schema` lists them; rows are sorted by both indices."""
    tables_version: str
    """Version of the tables that the graph was made from."""


def edge_tables(tables: Tables, *, until: datetime | None = None) -> EdgeTables:
    """Edge tables of `tables`, made from events before `until` only (from all events if it is None).

    Nodes do not depend on `until`: an index means the same for every `until`. A user or item without earlier
    events is a node without edges made from events.

    Raises:
        GraphError: If a relationship refers to a key that no node has.
    """
    return index_rows(graph_rows(tables, until=until))


def index_rows(rows: GraphRows) -> EdgeTables:
    """Edge tables of `rows`: keys become row numbers of the node tables.

    Raises:
        GraphError: If a relationship refers to a key that no node has.
    """
    edges: dict[EdgeType, pa.Table] = {}
    for name, relationship in RELATIONSHIP_TYPES.items():
        # Rows and nodes are sorted by key, so edges are sorted by index.
        source_index, target_index = end_indices(rows, relationship)
        edges[relationship.source, name, relationship.target] = pa.table(
            {
                "source_index": source_index,
                "target_index": target_index,
                **{column: rows.relationships[name][column] for column in relationship.columns.names},
            }
        )
    return EdgeTables(nodes=rows.nodes, edges=edges, tables_version=rows.tables_version)
