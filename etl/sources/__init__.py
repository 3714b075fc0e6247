"""Where exports come from: a shop's folder, or the packaged real data."""

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
    """The export that SOURCE names, as relations in the engine; `scratch` is for what must be unpacked.

    Raises:
        IngestError: If there is no such source, or it cannot be read.
    """
    if source == SOURCE:
        if mapping is not None:
            raise IngestError(f"{SOURCE} needs no mapping: leave --mapping out")
        return open_completejourney(engine)
    return open_folder(Path(source), engine, mapping=mapping, scratch=scratch)
