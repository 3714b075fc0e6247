"""The DuckDB engine behind every stage: opened in one way, within bounded memory."""

from __future__ import annotations

from pathlib import Path

import duckdb

#: DuckDB spills beyond this to disk; the process as a whole stays within about twice as much.
MEMORY_LIMIT = "3GiB"


def open_engine(file: Path | None = None, *, timezone: str = "UTC") -> duckdb.DuckDBPyConnection:
    """A DuckDB connection over `file` (in memory where there is none), whose days begin in `timezone`.

    What does not fit into memory goes to `<file>.spill`, or to a temporary folder of DuckDB's own choice.
    """
    settings = {"memory_limit": MEMORY_LIMIT}
    if file is not None:
        settings["temp_directory"] = f"{file}.spill"
    engine = duckdb.connect(":memory:" if file is None else file, config=settings)
    engine.execute(f"SET TimeZone = {literal(timezone)}")
    # A progress bar would be drawn over the command line's own.
    engine.execute("SET enable_progress_bar = false")
    return engine


def identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """`text` as an SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def column_types(engine: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Name and DuckDB type of each column of `relation`, in order."""
    return {row[0]: row[1] for row in engine.execute(f"DESCRIBE {relation}").fetchall()}
