"""Where exports come from: a shop's folder, or the packaged real data."""

from __future__ import annotations

from pathlib import Path

import duckdb

from etl.contract import IngestError
from etl.export import Export
from etl.sources.completejourney import SOURCE, open_completejourney


def open_export(source: str, engine: duckdb.DuckDBPyConnection, *, mapping: Path | None) -> Export:
    """The export that SOURCE names, as relations in the engine.

    Raises:
        IngestError: If there is no such source, or it cannot be read.
    """
    if source == SOURCE:
        if mapping is not None:
            raise IngestError(f"{SOURCE} needs no mapping: leave --mapping out")
        return open_completejourney(engine)
    raise IngestError(f"no folder {source}")
