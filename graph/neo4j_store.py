"""A graph store in a Neo4j server, updated by difference.

A load takes many transactions. A state node marks the graph as incomplete from the first to the last of
them; a load that was killed leaves it so, and the next load writes what is missing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pyarrow as pa

from etl.tables import Tables
from etl.times import rfc3339
from graph.credentials import Credentials
from graph.difference import row_difference
from graph.edges import EdgeTables, index_rows
from graph.errors import GraphError
from graph.neo4j_client import Neo4jClient
from graph.neo4j_statements import (
    AWAIT_INDEXES,
    BEGIN_LOAD,
    COUNT_NODES,
    COUNT_RELATIONSHIPS,
    END_LOAD,
    LABELS,
    READ_STATE,
    create_constraints,
    create_relationships,
    delete_nodes,
    delete_relationships,
    merge_nodes,
    merge_relationships,
    read_nodes,
    read_relationships,
)
from graph.rows import GraphRows, graph_rows, sorted_nodes, sorted_relationships
from graph.schema import (
    KNOWN_NAMES,
    NODE_TYPES,
    RELATIONSHIP_TYPES,
    SCHEMA_VERSION,
    STATE_NAME,
    TIME,
    NodeType,
    RelationshipType,
)
from graph.store import GraphStatus, GraphStore, LoadReport, Parameter

logger = logging.getLogger(__name__)


class Neo4jStore(GraphStore):
    """A `GraphStore` in the default database of the server at `uri`.

    Raises:
        GraphError: If the server does not answer, refuses the credentials, or is too old.
    """

    def __init__(self, uri: str, credentials: Credentials) -> None:
        self.uri = uri
        self._client = Neo4jClient(uri, credentials)
        self._has_warned = False

    def load(self, tables: Tables) -> LoadReport:
        """Make the graph equal to `tables`; write nothing if it already is.

        Raises:
            GraphError: If the database holds labels of another application or does not answer, or another
                process is loading it.
        """
        started = time.monotonic()
        self._refuse_foreign_labels()
        with self._client.load_lock():
            state = self._state()
            version = {"tables_version": tables.manifest.tables_version, "schema_version": SCHEMA_VERSION}
            if state["is_complete"] and version.items() <= state.items():
                return LoadReport(0, 0, 0, 0, time.monotonic() - started)
            rows = graph_rows(tables)
            for statement in create_constraints():
                self._client.write(statement)
            self._client.write(AWAIT_INDEXES)
            self._client.write(BEGIN_LOAD, {"name": STATE_NAME, **version})
            counts = self._write_differences(rows)
            now = rfc3339(datetime.now(UTC).replace(microsecond=0))
            self._client.write(END_LOAD, {"name": STATE_NAME, "loaded_at": now})
        report = LoadReport(*counts, seconds=time.monotonic() - started)
        logger.info("loaded %s: %s", self.uri, report)
        return report

    def status(self) -> GraphStatus:
        """What the database holds."""
        state = self._state()
        loaded_at, tables_version = state["loaded_at"], state["tables_version"]
        return GraphStatus(
            tables_version=None if tables_version is None else str(tables_version),
            is_complete=bool(state["is_complete"]),
            loaded_at=None if loaded_at is None else str(loaded_at),
            num_nodes=self._client.read(COUNT_NODES)["num"][0].as_py(),
            num_relationships=self._client.read(COUNT_RELATIONSHIPS)["num"][0].as_py(),
        )

    def query(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> pa.Table:
        """The rows that one reading Cypher `statement` returns; columns in the order of its RETURN.

        Warns once if the graph is incomplete.

        Raises:
            GraphError: If the store refuses the statement, because it writes for example.
        """
        if not self._has_warned and not self._state()["is_complete"]:
            logger.warning("the graph at %s is incomplete: run bundlegraph load", self.uri)
            self._has_warned = True
        return self._client.read(statement, parameters)

    def export_edges(self) -> EdgeTables:
        """The whole graph as edge tables.

        Raises:
            GraphError: If the database is empty or its load is incomplete.
        """
        state = self._state()
        if not state["is_complete"]:
            raise GraphError(f"the graph at {self.uri} is incomplete: run bundlegraph load")
        return index_rows(
            GraphRows(
                nodes={label: self._nodes(node) for label, node in NODE_TYPES.items()},
                relationships={
                    name: self._relationships(relationship)
                    for name, relationship in RELATIONSHIP_TYPES.items()
                },
                tables_version=str(state["tables_version"]),
            )
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _write_differences(self, rows: GraphRows) -> tuple[int, int, int, int]:
        """Write and delete what differs from `rows`.

        Nodes are written before relationships and deleted after them.

        Returns:
            Nodes written, nodes deleted, relationships written, relationships deleted.
        """
        nodes = {
            label: row_difference(rows.nodes[label], self._nodes(node), num_keys=1)
            for label, node in NODE_TYPES.items()
        }
        for label, node in NODE_TYPES.items():
            self._client.write_rows(merge_nodes(node), nodes[label].to_write)
        written = deleted = 0
        for name, relationship in RELATIONSHIP_TYPES.items():
            found = self._relationships(relationship)
            change = row_difference(rows.relationships[name], found, num_keys=len(relationship.row_key))
            write = merge_relationships if found.num_rows else create_relationships
            self._client.write_rows(delete_relationships(relationship), change.to_delete)
            self._client.write_rows(write(relationship), change.to_write)
            logger.info("%s: wrote %d, deleted %d", name, change.to_write.num_rows, change.to_delete.num_rows)
            written += change.to_write.num_rows
            deleted += change.to_delete.num_rows
        for label, node in NODE_TYPES.items():
            self._client.write_rows(delete_nodes(node), nodes[label].to_delete)
        return (
            sum(change.to_write.num_rows for change in nodes.values()),
            sum(change.to_delete.num_rows for change in nodes.values()),
            written,
            deleted,
        )

    def _state(self) -> dict[str, object]:
        states: list[dict[str, object]] = self._client.read(READ_STATE, {"name": STATE_NAME}).to_pylist()
        if states:
            return states[0]
        return {"tables_version": None, "schema_version": None, "is_complete": False, "loaded_at": None}

    def _refuse_foreign_labels(self) -> None:
        foreign = sorted(set(self._client.read(LABELS)["label"].to_pylist()) - KNOWN_NAMES)
        if foreign:
            raise GraphError(
                f"the database at {self.uri} holds labels that are not ours ({foreign[0]}): "
                "name an empty database"
            )

    def _nodes(self, node: NodeType) -> pa.Table:
        rows = self._client.read_rows(read_nodes(node))
        return sorted_nodes(node.label, _table(rows, node.columns))

    def _relationships(self, relationship: RelationshipType) -> pa.Table:
        by_source = self._client.read_rows(read_relationships(relationship))
        rows = [[source, *row] for source, its_rows in by_source for row in its_rows]  # type: ignore[attr-defined]  # a list: see the statement
        return sorted_relationships(relationship.type, _table(rows, relationship.row_columns))


def _table(rows: list[list[object]], columns: pa.Schema) -> pa.Table:
    values = zip(*rows, strict=True) if rows else [[] for _ in columns]
    arrays = [
        pa.array(column, pa.int64()).cast(TIME) if field.type == TIME else pa.array(column, field.type)
        for field, column in zip(columns, values, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=columns)
