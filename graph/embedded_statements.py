"""LadybugDB statements for the graph's schema: create, load and read.

Statements contain only names from `graph.schema`, never a value from a shop.
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
    NodeType,
    RelationshipType,
)

COUNT_NODES = """
MATCH (n)
RETURN count(*) AS num
"""

COUNT_RELATIONSHIPS = """
MATCH ()-[r]->()
RETURN count(*) AS num
"""

TABLE_NAMES = """
CALL show_tables()
RETURN name
"""

_TYPE_NAMES = {
    pa.string(): "STRING",
    pa.int64(): "INT64",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    TIME: "TIMESTAMP_TZ",
    COUNTS: "INT64[]",
}


def create_tables() -> Iterator[str]:
    """One statement for each node and relationship table, nodes first."""
    for node in (*NODE_TYPES.values(), STATE):
        yield f"CREATE NODE TABLE {node.label}({_columns(node.columns)}, PRIMARY KEY({node.key}))"
    for relationship in RELATIONSHIP_TYPES.values():
        ends = f"FROM {relationship.source} TO {relationship.target}"
        columns = f", {_columns(relationship.columns)}" if relationship.columns.names else ""
        yield f"CREATE REL TABLE {relationship.type}({ends}{columns})"


def copy_rows(name: str) -> str:
    """Load the Arrow table `$rows` into the node or relationship table `name`."""
    return f"COPY {name} FROM $rows"


def read_nodes(node: NodeType) -> str:
    """Read all nodes of a label; columns as in `NodeType.columns`, in no order."""
    returned = ", ".join(f"n.{name} AS {name}" for name in node.columns.names)
    return f"MATCH (n:{node.label})\nRETURN {returned}"


def read_relationships(relationship: RelationshipType) -> str:
    """Read all relationships of a type; columns as in `RelationshipType.row_columns`, in no order."""
    source = f"a.{NODE_TYPES[relationship.source].key} AS {SOURCE_KEY}"
    target = f"b.{NODE_TYPES[relationship.target].key} AS {TARGET_KEY}"
    properties = [f"r.{name} AS {name}" for name in relationship.columns.names]
    pattern = f"(a:{relationship.source})-[r:{relationship.type}]->(b:{relationship.target})"
    return f"MATCH {pattern}\nRETURN {', '.join([source, target, *properties])}"


def _columns(columns: pa.Schema) -> str:
    return ", ".join(f"{column.name} {_TYPE_NAMES[column.type]}" for column in columns)
