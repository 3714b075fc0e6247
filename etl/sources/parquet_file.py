"""Read a Parquet file of an export as a relation."""

from __future__ import annotations

from pathlib import Path

import duckdb

from etl.contract import IngestError
from etl.engine import literal
from etl.export import ROW

_MAGIC = b"PAR1"


def read_parquet(engine: duckdb.DuckDBPyConnection, relation: str, file: Path) -> None:
    """Create view `relation` of `file`: `ROW` and its columns.

    Raises:
        IngestError: If the file is empty, incomplete or not Parquet.
    """
    size = file.stat().st_size
    if size == 0:
        raise IngestError(f"{file.name} is empty: export it again")
    with file.open("rb") as opened:
        starts = opened.read(len(_MAGIC)) == _MAGIC
        opened.seek(max(size - len(_MAGIC), 0))
        ends = opened.read() == _MAGIC
    if not starts:
        raise IngestError(f"{file.name} is not Parquet: rename it")
    if not ends:
        raise IngestError(f"{file.name} is cut off: export it again")
    try:
        engine.execute(f"""
            CREATE VIEW {relation} AS
            SELECT file_row_number + 1 AS {ROW}, * EXCLUDE (file_row_number)
            FROM read_parquet({literal(file)}, file_row_number = TRUE, binary_as_string = TRUE)
        """)
    except duckdb.Error as error:
        raise IngestError(f"{file.name} cannot be read as Parquet: {str(error).splitlines()[0]}") from error
