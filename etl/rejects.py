"""Bad rows: written to a file for the shop; too many of them end the ingest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from etl.clean import CleaningCounts
from etl.contract import IngestError
from etl.engine import literal

REJECTS_FILE = "rejects.csv"


def write_rejects(engine: duckdb.DuckDBPyConnection, home: Path) -> Path:
    """Write table `rejects` to HOME/rejects.csv with mode 0600; only a header line if all rows are good."""
    file = home / REJECTS_FILE
    unfinished = home / f".{REJECTS_FILE}"
    unfinished.unlink(missing_ok=True)
    # Created before it is written, so that other users can never read its rows.
    unfinished.touch(mode=0o600)
    engine.execute(f"""
        COPY (FROM rejects ORDER BY "table", "row")
        TO {literal(unfinished)} (FORMAT csv, HEADER, USE_TMP_FILE FALSE)
    """)
    return unfinished.replace(file)


def refuse_too_many(
    engine: duckdb.DuckDBPyConnection, cleaned: Mapping[str, CleaningCounts], *, max_share: float, file: Path
) -> None:
    """Raise if more than `max_share` of a table's rows are bad.

    Raises:
        IngestError: For the first such table, with the most frequent reason.
    """
    for name, result in cleaned.items():
        if result.rejected <= max_share * result.rows:
            continue
        reason, count, first_row = engine.execute(
            """
            SELECT reason, count(*), min("row") FROM rejects WHERE "table" = ?
            GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 1
            """,
            [name],
        ).fetchone()
        raise IngestError(
            f"{name}: {result.rejected:,} of {result.rows:,} rows are bad, a share above {max_share:.3g}; "
            f"most: {reason} ({count:,} rows, first: row {first_row}); "
            f"see {file}, or raise --max-reject-share"
        )
