"""Bad rows: written down for the shop, and too many of them refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from etl.clean import Cleaned
from etl.contract import IngestError
from etl.engine import literal

REJECTS_FILE = "rejects.csv"


def write_rejects(engine: duckdb.DuckDBPyConnection, home: Path) -> Path:
    """Write table `rejects` to HOME/rejects.csv, mode 0600; a header line alone where all rows are good."""
    file = home / REJECTS_FILE
    unfinished = home / f".{REJECTS_FILE}"
    unfinished.unlink(missing_ok=True)
    # Made before it is written to, so that its rows are never open to others.
    unfinished.touch(mode=0o600)
    engine.execute(f"""
        COPY (FROM rejects ORDER BY "table", "row")
        TO {literal(unfinished)} (FORMAT csv, HEADER, USE_TMP_FILE FALSE)
    """)
    return unfinished.replace(file)


def refuse_too_many(
    engine: duckdb.DuckDBPyConnection, cleaned: Mapping[str, Cleaned], *, max_share: float, file: Path
) -> None:
    """Raise where more than `max_share` of a table's rows are bad.

    Raises:
        IngestError: For the first such table, with the reason of most of its bad rows.
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
