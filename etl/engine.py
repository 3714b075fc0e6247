"""The DuckDB engine behind every stage: opened in one way, within bounded memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import uuid4

import duckdb

#: DuckDB spills beyond this to disk; the process as a whole stays within about twice as much.
MEMORY_LIMIT = "3GiB"


def open_engine(file: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection over `file` (in memory where there is none), whose days are those of UTC.

    What does not fit into memory goes to `<file>.spill`, or to a folder of its own among the temporary ones:
    left to itself, DuckDB takes the working directory.
    """
    spill = Path(tempfile.gettempdir()) / f"bundlegraph-{uuid4().hex}" if file is None else f"{file}.spill"
    settings = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(spill)}
    engine = duckdb.connect(":memory:" if file is None else file, config=settings)
    set_timezone(engine, "UTC")
    # A progress bar would be drawn over the command line's own.
    engine.execute("SET enable_progress_bar = false")
    return engine


def set_timezone(engine: duckdb.DuckDBPyConnection, timezone: str) -> None:
    """From now on read zoneless times, and begin days, in `timezone` (an IANA name)."""
    engine.execute(f"SET TimeZone = {literal(timezone)}")


def identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """`text` as an SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def column_types(engine: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Name and DuckDB type of each column of `relation`, in order."""
    return {row[0]: row[1] for row in engine.execute(f"DESCRIBE {relation}").fetchall()}
