"""The SQL database of a home (SQLite), shared by the service and the commands: tables and transactions.

Rows are only ever added, so the tables are the audit trail. Their column types exist in every SQL database,
so PostgreSQL could take the place of SQLite.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Dialect,
    Double,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
    insert,
    inspect,
)
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from bundles.rules.errors import JournalError

#: How long a writer waits for another one.
BUSY_TIMEOUT_MS = 10_000
_WRITES = "bundlegraph_writes"


class UtcDateTime(TypeDecorator[datetime]):
    """A time-zone-aware UTC time; SQLite alone would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC for the database."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as UTC from the database."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("bundle_id", String(512)),
    Column("title", String(200)),
    Column("price", Double),
    Column("share", Double),
    Column("margin_floor", Double),
    Column("made_by", String(100), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("note", String(1000), nullable=False),
)

decision_items = Table(
    "decision_items",
    metadata,
    Column("decision_id", ForeignKey("decisions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("item_id", String(512), nullable=False),
)

decision_revocations = Table(
    "decision_revocations",
    metadata,
    Column("decision_id", ForeignKey("decisions.id"), primary_key=True),
    Column("revoked_by", String(100), nullable=False),
    Column("revoked_at", UtcDateTime, nullable=False),
)

#: One row. Writers raise the number first, so they queue; readers compare it to see whether anything changed.
decision_version = Table("decision_version", metadata, Column("number", Integer, nullable=False))


class Journal:
    """The database in `file`, created with mode 0600 if missing. Processes and threads may share it.

    Raises:
        JournalError: From each method too, if the file is no database or cannot be opened, read or written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = create_engine(URL.create("sqlite", database=str(file)))
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        # A journal that is never closed releases its file when it is collected.
        weakref.finalize(self, self._engine.dispose)
        self._writing = self._engine.execution_options(**{_WRITES: True})
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # SQLite gives its other files (-wal, -shm) the mode of this one.
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
            self._make_tables()
        except OSError as error:
            raise JournalError(f"{file} cannot be opened: {error.strerror}") from error
        except JournalError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction: one state of the database for the whole block; never waits for a writer."""
        with self._transaction(self._engine) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction: writers take turns; the data is on disk when the block ends."""
        with self._transaction(self._writing) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections to the file."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise JournalError(f"{self._file} cannot be used: {cause}") from error

    def _make_tables(self) -> None:
        with self.reading() as connection:
            if inspect(connection).has_table(decision_version.name):
                return
        with self.writing() as connection:
            # Another process may have created them in the meantime.
            if not inspect(connection).has_table(decision_version.name):
                metadata.create_all(connection)
                connection.execute(insert(decision_version).values(number=0))


def _configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    # `_begin` starts transactions; the driver would not start one for CREATE TABLE.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A writer takes its lock at the start: SQLite refuses, instead of waiting, to upgrade a read transaction.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
