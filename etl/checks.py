"""The finished tables, checked once more before they replace the old ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb


def check_tables(engine: duckdb.DuckDBPyConnection, files: Mapping[str, Path]) -> None:
    """Placeholder until the pandera schemas land."""
