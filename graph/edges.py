"""Edge tables: the graph as a model learns it, contiguous indices and columns instead of keys and objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

#: (source label, relationship type, target label), as PyG's `HeteroData` names an edge type.
EdgeType = tuple[str, str, str]


@dataclass(frozen=True)
class EdgeTables:
    """Nodes and edges of the graph, as columns.

    The row number of a node in its table is its index. Each node table begins with its key column (`user_id`,
    `item_id`, `category_id`, `brand_id`, `bundle_id`, `promotion_id`) and is sorted by it in code-point order.
    Each edge table has `source_index` and `target_index` (int64), is sorted by them, and then holds the
    relationship's properties as `graph.schema` lists them.
    """

    nodes: Mapping[str, pa.Table]
    edges: Mapping[EdgeType, pa.Table]
    tables_version: str
    """Version of the tables that the graph was made from."""
