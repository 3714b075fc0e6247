"""The graph in a file, in process and without a server: LadybugDB.

A load writes a new file beside the old one and swaps it in by a rename, so that a reader, or whoever comes
after a killed load, finds the previous graph whole.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import ladybug
import pyarrow as pa

from etl.tables import Tables
from etl.times import rfc3339
from graph.answers import plain_table
from graph.edges import EdgeTables, index_rows
from graph.embedded_schema import (
    copy_nodes,
    copy_relationships,
    create_statements,
    read_nodes,
    read_relationships,
)
from graph.locks import only_one
from graph.rows import GraphRows, graph_rows, sorted_nodes, sorted_relationships
from graph.schema import (
    LOADED_RELATIONSHIPS,
    NODE_TYPES,
    RELATIONSHIP_TYPES,
    SCHEMA_VERSION,
    STATE,
    STATE_NAME,
)
from graph.store import GraphError, GraphStatus, LoadReport, Parameter

logger = logging.getLogger(__name__)

_COUNT_NODES = "MATCH (n)\nRETURN count(*) AS num"
_COUNT_RELATIONSHIPS = "MATCH ()-[r]->()\nRETURN count(*) AS num"
_LABELS = "CALL show_tables()\nRETURN name"


class EmbeddedStore:
    """A `GraphStore` over the LadybugDB file at `path`."""

    def __init__(self, path: Path) -> None:
        self.uri = f"ladybug:{path}"
        self._path = path
        self._database: ladybug.Database | None = None
        self._connection: ladybug.Connection | None = None
        self._inode: int | None = None

    def load(self, tables: Tables) -> LoadReport:
        """Make the graph equal to `tables`; nothing is written where it is already.

        Raises:
            GraphError: If the file is no graph of ours, or another load of it is under way.
        """
        started = time.monotonic()
        lock = self._path.with_name(f"{self._path.name}.lock")
        with only_one(lock, doing=f"loading {self._path}"):
            if self._path.exists():
                self._refuse_foreign_file()
                if self._is_loaded(tables):
                    return LoadReport(0, 0, 0, 0, time.monotonic() - started)
            rows = graph_rows(tables)
            unfinished = self._path.with_name(f"{self._path.name}.unfinished")
            _delete_unfinished(unfinished)
            _write_database(unfinished, rows)
            self.close()
            _settle_log(self._path)
            unfinished.rename(self._path)
        report = LoadReport(
            nodes_written=sum(table.num_rows for table in rows.nodes.values()),
            nodes_deleted=0,
            relationships_written=sum(table.num_rows for table in rows.relationships.values()),
            relationships_deleted=0,
            seconds=time.monotonic() - started,
        )
        logger.info(
            "loaded %d nodes and %d relationships into %s in %.1f s",
            report.nodes_written,
            report.relationships_written,
            self.uri,
            report.seconds,
        )
        return report

    def status(self) -> GraphStatus:
        """What is in the file; a missing file is an empty store."""
        if not self._path.exists():
            return GraphStatus(None, False, None, 0, 0)
        state = self._state()
        return GraphStatus(
            tables_version=str(state["tables_version"]),
            is_complete=bool(state["is_complete"]),
            loaded_at=str(state["loaded_at"]),
            num_nodes=self._ask(_COUNT_NODES)["num"][0].as_py() - 1,
            num_relationships=self._ask(_COUNT_RELATIONSHIPS)["num"][0].as_py(),
        )

    def query(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> pa.Table:
        """The rows that one reading Cypher `statement` returns; columns in the order of its RETURN.

        Raises:
            GraphError: If the statement is refused, a writing one included, or there is no graph.
        """
        return plain_table(self._ask(statement, parameters))

    def export_edges(self) -> EdgeTables:
        """The whole graph as edge tables.

        Raises:
            GraphError: If there is no graph.
        """
        state = self._state()
        return index_rows(
            GraphRows(
                nodes={
                    label: sorted_nodes(label, self._ask(read_nodes(node)))
                    for label, node in NODE_TYPES.items()
                },
                relationships={
                    relationship.type: sorted_relationships(
                        relationship.type, self._ask(read_relationships(relationship))
                    )
                    for relationship in LOADED_RELATIONSHIPS
                },
                tables_version=str(state["tables_version"]),
            )
        )

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        if self._connection is not None and self._database is not None:
            self._connection.close()
            self._database.close()
        self._connection = self._database = self._inode = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> pa.Table:
        connection = self._open()
        try:
            result = connection.execute(statement, dict(parameters or {}))
        except RuntimeError as error:
            raise GraphError(_one_line(error)) from error
        if isinstance(result, list):
            raise GraphError("expected one statement, found several: ask one at a time")
        return result.get_as_arrow()

    def _open(self) -> ladybug.Connection:
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError as error:
            raise GraphError(f"no graph in {self._path}: run bundlegraph load") from error
        if self._connection is None or inode != self._inode:
            # A load has swapped the file since: what was open is the previous graph.
            self.close()
            try:
                self._database = ladybug.Database(self._path, read_only=True)
                self._connection = ladybug.Connection(self._database)
            except RuntimeError as error:
                raise GraphError(
                    f"{self._path} cannot be opened as a graph ({_one_line(error)}): "
                    "delete it, then run bundlegraph load"
                ) from error
            self._inode = inode
        return self._connection

    def _refuse_foreign_file(self) -> None:
        names = set(self._ask(_LABELS)["name"].to_pylist())
        foreign = sorted(names - {*NODE_TYPES, *RELATIONSHIP_TYPES, STATE.label})
        if foreign:
            raise GraphError(f"{self._path} holds labels that are not ours ({foreign[0]}): name another file")

    def _is_loaded(self, tables: Tables) -> bool:
        expected = {"tables_version": tables.manifest.tables_version, "schema_version": SCHEMA_VERSION}
        try:
            return expected.items() <= self._state().items()
        except GraphError:
            # A graph of an older shape.
            return False

    def _state(self) -> dict[str, object]:
        states: list[dict[str, object]] = self._ask(read_nodes(STATE)).to_pylist()
        if not states:
            raise GraphError(f"{self._path} holds no graph of ours: run bundlegraph load")
        return states[0]


def _write_database(path: Path, rows: GraphRows) -> None:
    database = ladybug.Database(path)
    connection = ladybug.Connection(database)
    for statement in create_statements():
        connection.execute(statement)
    for label, node in NODE_TYPES.items():
        if rows.nodes[label].num_rows:
            connection.execute(copy_nodes(node), {"rows": rows.nodes[label]})
    for relationship in LOADED_RELATIONSHIPS:
        if rows.relationships[relationship.type].num_rows:
            connection.execute(
                copy_relationships(relationship), {"rows": rows.relationships[relationship.type]}
            )
    state = {
        "name": STATE_NAME,
        "tables_version": rows.tables_version,
        "schema_version": SCHEMA_VERSION,
        "is_complete": True,
        "loaded_at": rfc3339(datetime.now(UTC).replace(microsecond=0)),
    }
    connection.execute(copy_nodes(STATE), {"rows": pa.Table.from_pylist([state], schema=STATE.columns)})
    # Closing moves the write-ahead log into the file: after it there is one file to rename.
    connection.close()
    database.close()
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _settle_log(path: Path) -> None:
    """Fold a write-ahead log of the previous graph into it, lest it be replayed on the next one."""
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        try:
            ladybug.Database(path).close()
        except RuntimeError:
            logger.warning("%s is damaged and is left out", log)
        log.unlink(missing_ok=True)


def _delete_unfinished(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def _one_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
