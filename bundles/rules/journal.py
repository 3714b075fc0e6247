"""The SQL database of a home: SQLite, shared by the service and the commands, made when first needed."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from bundles.rules.errors import JournalError
from bundles.rules.tables import decision_version, metadata

#: How long a writer waits for another one.
BUSY_TIMEOUT_MS = 10_000
_WRITES = "bundlegraph_writes"


class Journal:
    """The database in `file`, made with mode 0600 where there is none. Processes and threads may share it.

    Raises:
        JournalError: By each method too, if it is no database, or cannot be opened, read or written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = create_engine(URL.create("sqlite", database=str(file)))
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        # Whoever forgets to close it leaves no open file behind.
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
        """One state of the database for the block; it waits for no writer."""
        with self._transaction(self._engine) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, one writer after the other; on the disk when the block has ended."""
        with self._transaction(self._writing) as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file."""
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
            # Another process may have made them since.
            if not inspect(connection).has_table(decision_version.name):
                metadata.create_all(connection)
                connection.execute(insert(decision_version).values(number=0))


def _configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    # `_begin` begins transactions: the driver would begin none for what makes tables.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: one that has read before would be refused instead of waiting.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
