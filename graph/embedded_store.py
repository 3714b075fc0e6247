"""A graph store in a file, in process and without a server: LadybugDB.

A load writes a new file beside the old one and renames it into place, so that readers, and anyone after a
killed load, find the previous graph complete.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import ladybug
import pyarrow as pa

from etl.locks import exclusive_lock
from etl.tables import Tables
from etl.times import rfc3339
from graph.edges import EdgeTables, index_rows
from graph.embedded_statements import (
    COUNT_NODES,
    COUNT_RELATIONSHIPS,
    TABLE_NAMES,
    copy_rows,
    create_tables,
    read_nodes,
    read_relationships,
)
from graph.errors import GraphError, first_line
from graph.results import normalise_result
from graph.rows import GraphRows, graph_rows, sorted_nodes, sorted_relationships
from graph.schema import KNOWN_NAMES, NODE_TYPES, RELATIONSHIP_TYPES, SCHEMA_VERSION, STATE, STATE_NAME
from graph.store import GraphStatus, GraphStore, LoadReport, Parameter

logger = logging.getLogger(__name__)


class EmbeddedStore(GraphStore):
    """A `GraphStore` in the LadybugDB file at `path`."""

    def __init__(self, path: Path) -> None:
        self.uri = f"ladybug:{path}"
        self._path = path
        self._database: ladybug.Database | None = None
        self._connection: ladybug.Connection | None = None
        self._inode: int | None = None

    def load(self, tables: Tables) -> LoadReport:
        """Make the graph equal to `tables`; write nothing if it already is.

        Raises:
            GraphError: If the file is not a graph of this product, or another process is loading it.
        """
        started = time.monotonic()
        busy = GraphError(f"another process is loading {self._path}: wait for it, then try again")
        with exclusive_lock(self._path.with_name(f"{self._path.name}.lock"), busy=busy):
            if self._path.exists():
                self._refuse_foreign_file()
                if self._is_loaded(tables):
                    return LoadReport(0, 0, 0, 0, time.monotonic() - started)
            rows = graph_rows(tables)
            unfinished = self._path.with_name(f"{self._path.name}.unfinished")
            _delete_unfinished(unfinished)
            _write_database(unfinished, rows)
            self.close()
            _remove_log(self._path)
            unfinished.rename(self._path)
        report = LoadReport(
            nodes_written=sum(table.num_rows for table in rows.nodes.values()),
            nodes_deleted=0,
            relationships_written=sum(table.num_rows for table in rows.relationships.values()),
            relationships_deleted=0,
            seconds=time.monotonic() - started,
        )
        logger.info("loaded %s: %s", self.uri, report)
        return report

    def status(self) -> GraphStatus:
        """What the file holds; a missing file is an empty store."""
        if not self._path.exists():
            return GraphStatus(None, False, None, 0, 0)
        state = self._state()
        return GraphStatus(
            tables_version=str(state["tables_version"]),
            is_complete=bool(state["is_complete"]),
            loaded_at=str(state["loaded_at"]),
            # All but the state node.
            num_nodes=self._execute(COUNT_NODES)["num"][0].as_py() - 1,
            num_relationships=self._execute(COUNT_RELATIONSHIPS)["num"][0].as_py(),
        )

    def query(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> pa.Table:
        """The rows that one reading Cypher `statement` returns; columns in the order of its RETURN.

        Raises:
            GraphError: If the store refuses the statement, because it writes for example, or there is no
                graph.
        """
        return normalise_result(self._execute(statement, parameters))

    def export_edges(self) -> EdgeTables:
        """The whole graph as edge tables.

        Raises:
            GraphError: If there is no graph.
        """
        return index_rows(
            GraphRows(
                nodes={
                    label: sorted_nodes(label, self._execute(read_nodes(node)))
                    for label, node in NODE_TYPES.items()
                },
                relationships={
                    name: sorted_relationships(name, self._execute(read_relationships(relationship)))
                    for name, relationship in RELATIONSHIP_TYPES.items()
                },
                tables_version=str(self._state()["tables_version"]),
            )
        )

    def close(self) -> None:
        """Close the file; the next query opens it again."""
        if self._connection is not None:
            self._connection.close()
        if self._database is not None:
            self._database.close()
        self._connection = self._database = self._inode = None

    def _execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> pa.Table:
        connection = self._open()
        try:
            result = connection.execute(statement, dict(parameters or {}))
        except RuntimeError as error:
            raise GraphError(first_line(error)) from error
        if isinstance(result, list):
            raise GraphError("expected one statement, found several: run them one at a time")
        with result:
            return result.get_as_arrow()

    def _open(self) -> ladybug.Connection:
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError as error:
            raise GraphError(f"no graph in {self._path}: run bundlegraph load") from error
        if self._connection is None or inode != self._inode:
            # A load has replaced the file since it was opened.
            self.close()
            try:
                self._database = ladybug.Database(self._path, read_only=True)
                self._connection = ladybug.Connection(self._database)
            except RuntimeError as error:
                self.close()
                raise GraphError(
                    f"{self._path} cannot be opened as a graph ({first_line(error)}): "
                    "delete it, then run bundlegraph load"
                ) from error
            self._inode = inode
        return self._connection

    def _refuse_foreign_file(self) -> None:
        foreign = sorted(set(self._execute(TABLE_NAMES)["name"].to_pylist()) - KNOWN_NAMES)
        if foreign:
            raise GraphError(f"{self._path} holds labels that are not ours ({foreign[0]}): name another file")

    def _is_loaded(self, tables: Tables) -> bool:
        expected = {"tables_version": tables.manifest.tables_version, "schema_version": SCHEMA_VERSION}
        try:
            return expected.items() <= self._state().items()
        except GraphError:
            # The state of an older schema cannot be read.
            return False

    def _state(self) -> dict[str, object]:
        states: list[dict[str, object]] = self._execute(read_nodes(STATE)).to_pylist()
        if not states:
            raise GraphError(f"{self._path} holds no graph of ours: run bundlegraph load")
        return states[0]


def _write_database(path: Path, rows: GraphRows) -> None:
    state = {
        "name": STATE_NAME,
        "tables_version": rows.tables_version,
        "schema_version": SCHEMA_VERSION,
        "is_complete": True,
        "loaded_at": rfc3339(datetime.now(UTC).replace(microsecond=0)),
    }
    # Closing the database moves its write-ahead log into the file, so that there is one file to rename.
    with ladybug.Database(path) as database, ladybug.Connection(database) as connection:
        for statement in create_tables():
            connection.execute(statement)
        for name, table in {
            **rows.nodes,
            **rows.relationships,
            STATE.label: pa.Table.from_pylist([state], schema=STATE.columns),
        }.items():
            if table.num_rows:
                connection.execute(copy_rows(name), {"rows": table})
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _remove_log(path: Path) -> None:
    """Apply a write-ahead log left by the previous graph, so that it is not applied to the next one."""
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        try:
            ladybug.Database(path).close()
        except RuntimeError:
            logger.warning("%s is damaged and is deleted", log)
        log.unlink(missing_ok=True)


def _delete_unfinished(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
