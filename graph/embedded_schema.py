"""The graph's schema as LadybugDB spells it: DDL, loading and reading statements, made from `graph.schema`.

Statements are put together from the names in `graph.schema` alone; no value of a shop is ever formatted in.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from graph.schema import (
    COUNTS,
    NODE_TYPES,
    RELATIONSHIP_TYPES,
    SOURCE_KEY,
    STATE,
    TARGET_KEY,
    TIME,
    VECTOR,
    NodeType,
    RelationshipType,
)

_TYPE_NAMES = {
    pa.string(): "STRING",
    pa.int64(): "INT64",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    TIME: "TIMESTAMP_TZ",
    VECTOR: "FLOAT[]",
    COUNTS: "INT64[]",
}


def create_statements() -> Iterator[str]:
    """One statement a node or relationship table, nodes first."""
    for node in (*NODE_TYPES.values(), STATE):
        columns = _columns(pa.schema([*node.columns, *node.written_back]))
        yield f"CREATE NODE TABLE {node.label}({', '.join(columns)}, PRIMARY KEY({node.key}))"
    for relationship in RELATIONSHIP_TYPES.values():
        ends = f"FROM {relationship.source} TO {relationship.target}"
        columns = _columns(relationship.columns)
        yield f"CREATE REL TABLE {relationship.type}({', '.join([ends, *columns])})"


def copy_nodes(node: NodeType) -> str:
    """Loads the Arrow table `$rows`, columns as `NodeType.columns`."""
    return f"COPY {node.label}({', '.join(node.columns.names)}) FROM $rows"


def copy_relationships(relationship: RelationshipType) -> str:
    """Loads the Arrow table `$rows`, columns as `RelationshipType.row_columns`."""
    return f"COPY {relationship.type} FROM $rows"


def read_nodes(node: NodeType) -> str:
    """All nodes of a label, columns as `NodeType.columns`, in no order."""
    returned = ", ".join(f"n.{name} AS {name}" for name in node.columns.names)
    return f"MATCH (n:{node.label})\nRETURN {returned}"


def read_relationships(relationship: RelationshipType) -> str:
    """All relationships of a type, columns as `RelationshipType.row_columns`, in no order."""
    source = f"a.{NODE_TYPES[relationship.source].key} AS {SOURCE_KEY}"
    target = f"b.{NODE_TYPES[relationship.target].key} AS {TARGET_KEY}"
    properties = [f"r.{name} AS {name}" for name in relationship.columns.names]
    pattern = f"(a:{relationship.source})-[r:{relationship.type}]->(b:{relationship.target})"
    return f"MATCH {pattern}\nRETURN {', '.join([source, target, *properties])}"


def _columns(columns: pa.Schema) -> list[str]:
    return [f"{column.name} {_TYPE_NAMES[column.type]}" for column in columns]
