"""DuckDB connections with bounded memory, and quoting for SQL."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import uuid4

import duckdb

#: Beyond this DuckDB spills to disk; the whole process needs up to about twice as much.
MEMORY_LIMIT = "3GiB"


def open_engine(file: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection to `file` (in memory if it is None) in the time zone UTC. The caller closes it.

    Data that do not fit into memory are spilled to `<file>.spill`, or to a folder in the temporary directory;
    DuckDB's default would be the working directory.
    """
    spill = Path(tempfile.gettempdir()) / f"bundlegraph-{uuid4().hex}" if file is None else f"{file}.spill"
    settings = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(spill)}
    engine = duckdb.connect(":memory:" if file is None else file, config=settings)
    set_timezone(engine, "UTC")
    # A progress bar would overwrite that of the command line.
    engine.execute("SET enable_progress_bar = false")
    return engine


def set_timezone(engine: duckdb.DuckDBPyConnection, timezone: str) -> None:
    """Read times without a zone, and start days, in `timezone` (an IANA name) from now on."""
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
