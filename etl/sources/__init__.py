"""Sources of exports: a shop's folder, or the packaged Complete Journey data."""

from __future__ import annotations

from pathlib import Path

import duckdb

from etl.contract import IngestError
from etl.export import Export
from etl.sources.completejourney import SOURCE, open_completejourney
from etl.sources.folder import open_folder


def open_export(
    source: str, engine: duckdb.DuckDBPyConnection, *, mapping: Path | None, scratch: Path
) -> Export:
    """Open the export `source` as relations in the engine; `scratch` is a folder for temporary files.

    Raises:
        IngestError: If the source does not exist or cannot be read.
    """
    if source == SOURCE:
        if mapping is not None:
            raise IngestError(f"{SOURCE} needs no mapping: leave --mapping out")
        return open_completejourney(engine)
    return open_folder(Path(source), engine, mapping=mapping, scratch=scratch)
