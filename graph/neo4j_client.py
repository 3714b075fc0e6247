"""A connection to Neo4j that returns rows and reports every failure as a one-line `GraphError`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import pyarrow as pa
from neo4j import (
    READ_ACCESS,
    GraphDatabase,
    ManagedTransaction,
    NotificationMinimumSeverity,
    Query,
    Session,
    Transaction,
)
from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError, ServiceUnavailable
from neo4j.graph import Node, Path, Relationship
from neo4j.time import Date, DateTime, Duration, Time

from graph.credentials import Credentials
from graph.errors import GraphError, first_line
from graph.neo4j_statements import CREATE_LOCK_CONSTRAINT, CREATE_LOCK_NODE, PING
from graph.results import result_table
from graph.schema import NODE_TYPES, RELATIONSHIP_TYPES, STATE
from graph.store import Parameter

OLDEST_VERSION = 5
BATCH_ROWS = 10_000
_CONNECT_TIMEOUT_S = 10.0
_LOCK_TIMEOUT_S = 5.0


class Neo4jClient:
    """One driver for the server at `uri`, checked when it is opened.

    Raises:
        GraphError: If the server does not answer, refuses the credentials, or is too old.
    """

    def __init__(self, uri: str, credentials: Credentials) -> None:
        self.uri = uri
        self._lock: Transaction | None = None
        with self._one_line_errors():
            self._driver = GraphDatabase.driver(
                uri,
                auth=(credentials.username, credentials.password),
                connection_timeout=_CONNECT_TIMEOUT_S,
                warn_notification_severity=NotificationMinimumSeverity.OFF,
                notifications_min_severity=NotificationMinimumSeverity.OFF,
            )
        try:
            with self._one_line_errors():
                agent = self._driver.get_server_info().agent
            require_version(agent, uri)
        except BaseException:
            self._driver.close()
            raise

    def read(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> pa.Table:
        """All rows of a reading statement; the server refuses one that writes."""
        with self._one_line_errors(), self._driver.session(default_access_mode=READ_ACCESS) as session:
            result = session.run(Query(statement), dict(parameters or {}))
            names, rows = result.keys(), result.values()
        values = zip(*rows, strict=True) if rows else [[] for _ in names]
        return result_table(
            {
                name: [_normalise(value) for value in column]
                for name, column in zip(names, values, strict=True)
            }
        )

    def read_rows(self, statement: str) -> list[list[object]]:
        """All rows of a reading statement as the driver returns them: fast enough for millions."""
        with (
            self._one_line_errors(),
            self._driver.session(default_access_mode=READ_ACCESS, fetch_size=BATCH_ROWS) as session,
        ):
            return session.run(Query(statement)).values()

    def write(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        """Run a writing statement in its own transaction, which is retried after a transient error."""
        self._write(statement, dict(parameters or {}))

    def write_rows(self, statement: str, rows: pa.Table) -> None:
        """Run a writing statement over `$rows`, in transactions of `BATCH_ROWS` rows."""
        for first in range(0, rows.num_rows, BATCH_ROWS):
            columns = [_values_to_send(column) for column in rows.slice(first, BATCH_ROWS).columns]
            self._write(statement, {"rows": [list(row) for row in zip(*columns, strict=True)]})

    @contextmanager
    def load_lock(self) -> Iterator[None]:
        """Hold the database's load lock while the block runs.

        The lock is the server's own lock on a node that an open transaction creates and rolls back at the
        end: the server releases it as soon as the connection ends, however the process ends, and no node
        remains. Each write inside the block is committed only while the lock is still held.

        Raises:
            GraphError: If another process has held it for `_LOCK_TIMEOUT_S` seconds.
        """
        self.write(CREATE_LOCK_CONSTRAINT)
        with self._driver.session() as session:
            with self._one_line_errors():
                self._refuse_second_load(session)
                # A timeout of 0 is none: the server must not end this transaction during a long load.
                lock = session.begin_transaction(timeout=0)
                lock.run(CREATE_LOCK_NODE).consume()
            self._lock = lock
            try:
                yield
            finally:
                self._lock = None
                with suppress(Neo4jError, DriverError):
                    lock.rollback()

    def close(self) -> None:
        """Close the driver."""
        self._driver.close()

    def _write(self, statement: str, parameters: dict[str, object]) -> None:
        def run(transaction: ManagedTransaction) -> None:
            transaction.run(statement, parameters).consume()
            self._require_lock()

        with self._one_line_errors(), self._driver.session() as session:
            session.execute_write(run)

    def _refuse_second_load(self, session: Session) -> None:
        try:
            with session.begin_transaction(timeout=_LOCK_TIMEOUT_S) as attempt:
                attempt.run(CREATE_LOCK_NODE).consume()
                attempt.rollback()
        except ClientError as error:
            if not (error.code or "").startswith("Neo.ClientError.Transaction."):
                raise
            raise GraphError(
                f"another process is loading the graph at {self.uri}: wait for it, then try again"
            ) from error

    def _require_lock(self) -> None:
        """Raise if the load lock was taken but is no longer held; the caller's transaction rolls back."""
        if self._lock is None:
            return
        try:
            self._lock.run(PING).consume()
        except (Neo4jError, DriverError) as error:
            raise GraphError(
                f"the load into {self.uri} lost its lock ({first_line(error)}): run bundlegraph load again"
            ) from error

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        try:
            yield
        except AuthError as error:
            raise GraphError(
                f"Neo4j at {self.uri} refuses the user name or password: "
                "set NEO4J_USERNAME and NEO4J_PASSWORD"
            ) from error
        except ServiceUnavailable as error:
            raise GraphError(
                f"no Neo4j answers at {self.uri}: start it (bundlegraph neo4j up) or correct the address"
            ) from error
        except Neo4jError as error:
            raise GraphError((error.message or str(error)).strip().splitlines()[0]) from error
        except (DriverError, ValueError) as error:
            raise GraphError(f"Neo4j at {self.uri}: {first_line(error)}") from error


def require_version(agent: str, uri: str) -> None:
    """Accept a server whose agent string is `Neo4j/5…` or later.

    Raises:
        GraphError: If it is older, or another product.
    """
    version = re.match(r"Neo4j/(\d+)\.", agent)
    if version is None or int(version[1]) < OLDEST_VERSION:
        raise GraphError(
            f"expected Neo4j {OLDEST_VERSION} or later at {uri}, found {agent}: upgrade the server"
        )


def _values_to_send(column: pa.ChunkedArray) -> Sequence[object]:
    values: list[object] = (
        column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    ).to_pylist()
    return values


def _normalise(value: object) -> object:
    if isinstance(value, Node):
        label = next(iter(value.labels), "")
        node = STATE if label == STATE.label else NODE_TYPES.get(label)
        return _properties(label, value, node.columns.names if node else list(value))
    if isinstance(value, Relationship):
        relationship = RELATIONSHIP_TYPES.get(value.type)
        return _properties(value.type, value, relationship.columns.names if relationship else list(value))
    if isinstance(value, Path):
        return {
            "nodes": _normalise(list(value.nodes)),
            "relationships": _normalise(list(value.relationships)),
        }
    if isinstance(value, list):
        return [_normalise(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _normalise(inner) for key, inner in value.items()}
    if isinstance(value, DateTime | Date | Time):
        return value.to_native()
    if isinstance(value, Duration):
        return value.iso_format()
    return value


def _properties(label: str, entity: Node | Relationship, names: Sequence[str]) -> dict[str, object]:
    return {"label": label, **{name: _normalise(entity.get(name)) for name in names}}
