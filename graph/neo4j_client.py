"""A connection to Neo4j: statements in, rows out, and every failure as one line that says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa
from neo4j import READ_ACCESS, GraphDatabase, NotificationMinimumSeverity, Query
from neo4j.exceptions import AuthError, ConfigurationError, DriverError, Neo4jError, ServiceUnavailable
from neo4j.graph import Node, Path, Relationship
from neo4j.time import Date, DateTime, Duration, Time

from graph.answers import answer_table
from graph.credentials import Credentials
from graph.schema import NODE_TYPES, RELATIONSHIP_TYPES, STATE
from graph.store import GraphError, Parameter

OLDEST_VERSION = 5
BATCH_ROWS = 10_000
_CONNECT_TIMEOUT_S = 10.0


class Neo4jClient:
    """One driver on the server at `uri`; checked on opening, closed with `close`.

    Raises:
        GraphError: If the server does not answer, refuses the credentials, or is too old.
    """

    def __init__(self, uri: str, credentials: Credentials) -> None:
        self.uri = uri
        with self._plain_errors():
            self._driver = GraphDatabase.driver(
                uri,
                auth=(credentials.username, credentials.password),
                connection_timeout=_CONNECT_TIMEOUT_S,
                warn_notification_severity=NotificationMinimumSeverity.OFF,
                notifications_min_severity=NotificationMinimumSeverity.OFF,
            )
        try:
            with self._plain_errors():
                agent = self._driver.get_server_info().agent
            require_version(agent, uri)
        except GraphError:
            self._driver.close()
            raise

    def read(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> pa.Table:
        """All rows of a reading statement; the server refuses one that writes."""
        with self._plain_errors(), self._driver.session(default_access_mode=READ_ACCESS) as session:
            result = session.run(Query(statement), dict(parameters or {}))
            names, rows = result.keys(), result.values()
        values = zip(*rows, strict=True) if rows else [[] for _ in names]
        return answer_table(
            {name: [_plain(value) for value in column] for name, column in zip(names, values, strict=True)}
        )

    def read_rows(self, statement: str) -> list[list[object]]:
        """All rows of a reading statement as the driver gives them: for millions of them."""
        with (
            self._plain_errors(),
            self._driver.session(default_access_mode=READ_ACCESS, fetch_size=BATCH_ROWS) as session,
        ):
            return session.run(Query(statement)).values()

    def write(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        """Run a writing statement in a transaction of its own."""
        with self._plain_errors(), self._driver.session() as session:
            session.run(Query(statement), dict(parameters or {})).consume()

    def write_rows(self, statement: str, rows: pa.Table) -> None:
        """Run a statement over `$rows`, `BATCH_ROWS` at a time, each batch a transaction that is retried."""
        with self._plain_errors(), self._driver.session() as session:
            for first in range(0, rows.num_rows, BATCH_ROWS):
                columns = [_sendable(column) for column in rows.slice(first, BATCH_ROWS).columns]
                batch = [list(row) for row in zip(*columns, strict=True)]
                session.execute_write(
                    lambda transaction, of: transaction.run(statement, rows=of).consume(), batch
                )

    def close(self) -> None:
        """Close the driver."""
        self._driver.close()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except AuthError as error:
            raise GraphError(
                f"Neo4j at {self.uri} refuses the user name or password: "
                "set NEO4J_USERNAME and NEO4J_PASSWORD"
            ) from error
        except ServiceUnavailable as error:
            raise GraphError(
                f"no Neo4j answers at {self.uri}: start it (bundlegraph neo4j up) or mend the address"
            ) from error
        except Neo4jError as error:
            raise GraphError(_first_line(error.message or str(error))) from error
        except (DriverError, ConfigurationError, ValueError) as error:
            raise GraphError(f"Neo4j at {self.uri}: {_first_line(str(error))}") from error


def require_version(agent: str, uri: str) -> None:
    """Accept a server that names itself `Neo4j/5…` or later.

    Raises:
        GraphError: If it is older, or something else.
    """
    version = re.match(r"Neo4j/(\d+)\.", agent)
    if version is None or int(version[1]) < OLDEST_VERSION:
        raise GraphError(
            f"expected Neo4j {OLDEST_VERSION} or later at {uri}, found {agent}: upgrade the server"
        )


def _sendable(column: pa.ChunkedArray) -> Sequence[object]:
    values: list[object] = (
        column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    ).to_pylist()
    return values


def _plain(value: object) -> object:
    if isinstance(value, Node):
        label = next(iter(value.labels), "")
        node = STATE if label == STATE.label else NODE_TYPES.get(label)
        names = [*node.columns.names, *node.written_back.names] if node else list(value)
        return {"label": label, **{name: _plain(value.get(name)) for name in names}}
    if isinstance(value, Relationship):
        kind = RELATIONSHIP_TYPES.get(value.type)
        names = kind.columns.names if kind else list(value)
        return {"label": value.type, **{name: _plain(value.get(name)) for name in names}}
    if isinstance(value, Path):
        return {"nodes": _plain(list(value.nodes)), "relationships": _plain(list(value.relationships))}
    if isinstance(value, list):
        return [_plain(of) for of in value]
    if isinstance(value, dict):
        return {key: _plain(of) for key, of in value.items()}
    if isinstance(value, DateTime | Date | Time):
        return value.to_native()
    if isinstance(value, Duration):
        return value.iso_format()
    return value


def _first_line(message: str) -> str:
    return message.strip().splitlines()[0]
