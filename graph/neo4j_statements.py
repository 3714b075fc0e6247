"""Neo4j statements for the graph's schema: constraints, writes and reads.

Statements contain only names from `graph.schema`, never a value from a shop. A row is sent as a list of
values, and a time as microseconds since 1970, because date objects take the driver five times as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pyarrow as pa

from graph.schema import NODE_TYPES, STATE, TIME, NodeType, RelationshipType

COUNT_NODES = """
MATCH (n)
WHERE NOT n:GraphState
RETURN count(n) AS num
"""

COUNT_RELATIONSHIPS = """
MATCH ()-[r]->()
RETURN count(r) AS num
"""

LABELS = """
CALL db.labels()
YIELD label
RETURN label
ORDER BY label
"""

AWAIT_INDEXES = """
CALL db.awaitIndexes(300)
"""

READ_STATE = """
MATCH (s:GraphState {name: $name})
RETURN s.tables_version AS tables_version,
       s.schema_version AS schema_version,
       s.is_complete AS is_complete,
       s.loaded_at AS loaded_at
"""

BEGIN_LOAD = """
MERGE (s:GraphState {name: $name})
SET s.tables_version = $tables_version,
    s.schema_version = $schema_version,
    s.is_complete = false
"""

END_LOAD = """
MATCH (s:GraphState {name: $name})
SET s.is_complete = true,
    s.loaded_at = $loaded_at
"""

CREATE_LOCK_CONSTRAINT = """
CREATE CONSTRAINT graphlock_key IF NOT EXISTS
FOR (l:GraphLock)
REQUIRE l.name IS UNIQUE
"""

CREATE_LOCK_NODE = """
MERGE (l:GraphLock {name: 'load'})
"""

PING = """
RETURN 1
"""


def create_constraints() -> Iterator[str]:
    """One uniqueness constraint for each label, on its key; each comes with the index that MERGE needs."""
    for node in (*NODE_TYPES.values(), STATE):
        name = f"{node.label.lower()}_key"
        yield f"CREATE CONSTRAINT {name} IF NOT EXISTS\nFOR (n:{node.label})\nREQUIRE n.{node.key} IS UNIQUE"


def merge_nodes(node: NodeType) -> str:
    """Write `$rows`, lists in the order of `NodeType.columns`."""
    return _join(
        "UNWIND $rows AS row",
        f"MERGE (n:{node.label} {{{node.key}: row[0]}})",
        _set("n", node.columns, first=1),
    )


def merge_relationships(relationship: RelationshipType) -> str:
    """Write `$rows`, lists in the order of `RelationshipType.row_columns`."""
    return _write_relationships(relationship, "MERGE")


def create_relationships(relationship: RelationshipType) -> str:
    """Write `$rows` of a type that has no relationship yet, in two thirds of the time of a MERGE."""
    return _write_relationships(relationship, "CREATE")


def delete_nodes(node: NodeType) -> str:
    """Delete the nodes whose keys come first in `$rows`, with their relationships."""
    return _join("UNWIND $rows AS row", f"MATCH {_node('n', node.label, 'row[0]')}", "DETACH DELETE n")


def delete_relationships(relationship: RelationshipType) -> str:
    """Delete the relationships whose keys (`row_key`) come first in `$rows`."""
    source = _node("a", relationship.source, "row[0]")
    target = _node("b", relationship.target, "row[1]")
    return _join(
        "UNWIND $rows AS row", f"MATCH {source}-[r:{_keyed_type(relationship)}]->{target}", "DELETE r"
    )


def read_nodes(node: NodeType) -> str:
    """Read all nodes of a label; columns as in `NodeType.columns`, in no order."""
    return _join(f"MATCH (n:{node.label})", f"RETURN {', '.join(_values('n', node.columns))}")


def read_relationships(relationship: RelationshipType) -> str:
    """Read all relationships of a type: one record for each source, with its key and a list of rows.

    A row has `RelationshipType.row_columns` without the source key. Grouping by source sends a key once for
    many relationships, twice as fast as a record for each relationship. A pattern comprehension, unlike
    `collect`, lets the server hold one source at a time.
    """
    values = [f"b.{NODE_TYPES[relationship.target].key}", *_values("r", relationship.columns)]
    key = NODE_TYPES[relationship.source].key
    pattern = f"(a)-[r:{relationship.type}]->(b:{relationship.target})"
    return _join(
        f"MATCH (a:{relationship.source})",
        f"WHERE EXISTS {{ MATCH (a)-[:{relationship.type}]->(:{relationship.target}) }}",
        f"RETURN a.{key} AS source, [{pattern} | [{', '.join(values)}]] AS rows",
    )


def _write_relationships(relationship: RelationshipType, verb: Literal["MERGE", "CREATE"]) -> str:
    return _join(
        "UNWIND $rows AS row",
        f"MATCH {_node('a', relationship.source, 'row[0]')}",
        f"MATCH {_node('b', relationship.target, 'row[1]')}",
        f"{verb} (a)-[r:{_keyed_type(relationship)}]->(b)",
        _set("r", relationship.row_columns, first=len(relationship.row_key)),
    )


def _keyed_type(relationship: RelationshipType) -> str:
    """The type, with the properties that are part of the key."""
    extra_keys = [f"{name}: row[{number}]" for number, name in enumerate(relationship.extra_keys, start=2)]
    return f"{relationship.type} {{{', '.join(extra_keys)}}}" if extra_keys else relationship.type


def _node(variable: str, label: str, value: str) -> str:
    return f"({variable}:{label} {{{NODE_TYPES[label].key}: {value}}})"


def _values(variable: str, columns: pa.Schema) -> list[str]:
    return [
        _microseconds(f"{variable}.{column.name}") if column.type == TIME else f"{variable}.{column.name}"
        for column in columns
    ]


def _microseconds(time: str) -> str:
    # Not from `epochSeconds`: that rounds up before 1970.
    return f"{time}.epochMillis * 1000 + {time}.microsecond % 1000"


def _set(variable: str, columns: pa.Schema, *, first: int) -> str:
    """A SET clause for the columns from number `first` on; empty if there are none."""
    assignments = [
        f"{variable}.{columns.field(number).name} = {_value(columns.field(number).type, f'row[{number}]')}"
        for number in range(first, len(columns.names))
    ]
    return f"SET {', '.join(assignments)}" if assignments else ""


def _value(kind: pa.DataType, row: str) -> str:
    if kind != TIME:
        return row
    return (
        f"CASE WHEN {row} IS NULL THEN NULL "
        f"ELSE datetime({{epochMillis: 0}}) + duration({{microseconds: {row}}}) END"
    )


def _join(*clauses: str) -> str:
    return "\n".join(clause for clause in clauses if clause)
