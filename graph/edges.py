"""Edge tables: the graph as a model learns it, contiguous indices and columns instead of keys and objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from etl.tables import Tables
from graph.rows import GraphRows, graph_rows, source_index, target_index
from graph.schema import RELATIONSHIP_TYPES

#: (source label, relationship type, target label), as PyG's `HeteroData` names an edge type.
EdgeType = tuple[str, str, str]


@dataclass(frozen=True)
class EdgeTables:
    """Nodes and edges of the graph, as columns.

    The row number of a node in its table is its index. Each node table begins with its key column
    (`user_id`, `item_id`, `category_id`, `brand_id`, `bundle_id`, `promotion_id`) and is sorted by it in
    code-point order.
    Each edge table has `source_index` and `target_index` (int64), is sorted by them, and then holds the
    relationship's properties as `graph.schema` lists them.
    """

    nodes: Mapping[str, pa.Table]
    edges: Mapping[EdgeType, pa.Table]
    tables_version: str
    """Version of the tables that the graph was made from."""


def edge_tables(tables: Tables, *, until: datetime | None = None) -> EdgeTables:
    """Edge tables of `tables`, learned from events before `until` alone (all where it is none).

    Nodes do not depend on `until`: an index means the same at every cut, and a user or an item without
    events before it is simply a node without such edges.

    Raises:
        GraphError: If a relationship names a key that no node has.
    """
    return index_rows(graph_rows(tables, until=until))


def index_rows(rows: GraphRows) -> EdgeTables:
    """Edge tables of `rows`: keys become row numbers of the node tables.

    Raises:
        GraphError: If a relationship names a key that no node has.
    """
    edges: dict[EdgeType, pa.Table] = {}
    for name, table in rows.relationships.items():
        relationship = RELATIONSHIP_TYPES[name]
        # Rows and nodes are both in the order of their keys, so the edges are in the order of their indices.
        edges[relationship.source, name, relationship.target] = pa.table(
            {
                "source_index": source_index(rows, relationship),
                "target_index": target_index(rows, relationship),
                **{column: table[column] for column in relationship.columns.names},
            }
        )
    return EdgeTables(nodes=rows.nodes, edges=edges, tables_version=rows.tables_version)
