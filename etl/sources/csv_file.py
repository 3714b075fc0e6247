"""Read a CSV file of an export into a relation of text columns.

DuckDB reads a valid file in parallel. If it refuses a record (wrong number of fields, unclosed quote, bytes
that are not UTF-8), `etl.sources.csv_repair` reads the file again and takes such records out.
"""

from __future__ import annotations

import csv
import gzip
import shutil
import zlib
from pathlib import Path

import duckdb

from etl.contract import IngestError
from etl.engine import identifier, literal
from etl.export import ROW, UnreadableRow
from etl.sources.csv_repair import repair_csv

_GZIP = b"\x1f\x8b"
_NOT_TEXT = {b"PAR1": "Parquet", _GZIP: "gzip", b"PK\x03\x04": "a zip archive or a spreadsheet"}
_NOT_UTF8 = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_csv(
    engine: duckdb.DuckDBPyConnection, relation: str, file: Path, *, delimiter: str, scratch: Path
) -> list[UnreadableRow]:
    """Create table `relation` from `file` (gzip if its name ends in .gz): `ROW` and its columns, all text.

    Returns:
        The lines that could not be read.

    Raises:
        IngestError: If the file is empty, damaged or of another format than its name suggests, or its header
            cannot be used.
    """
    text = _unpack(file, scratch) if file.suffix == ".gz" else file
    _refuse_other_kinds(text, file.name)
    columns = _header(text, file.name, delimiter)
    try:
        source = _csv(text, columns, delimiter)
        _load(engine, relation, source, columns, row_number="row_number() OVER ()")
        return []
    except duckdb.Error:
        engine.execute(f"DROP TABLE IF EXISTS {relation}")
    repaired = scratch / f"{relation}.csv"
    unreadable = repair_csv(text, repaired, columns=columns, delimiter=delimiter)
    source = _csv(repaired, [ROW.strip('"'), *columns], ",")
    _load(engine, relation, source, columns, row_number=f"CAST({ROW} AS BIGINT)")
    repaired.unlink()
    return unreadable


def _unpack(file: Path, scratch: Path) -> Path:
    """Unpack the gzip `file`; DuckDB would not notice that it is truncated."""
    text = scratch / file.stem
    try:
        with gzip.open(file, "rb") as packed, text.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, length=1 << 20)
    except EOFError as error:
        raise IngestError(f"{file.name} is cut off (truncated gzip): export it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise IngestError(
            f"{file.name} is not a complete gzip file ({error}): rename it, or export it again"
        ) from error
    return text


def _refuse_other_kinds(text: Path, name: str) -> None:
    with text.open("rb") as opened:
        start = opened.read(1 << 16)
    if not start.strip(b"\xef\xbb\xbf\r\n\t "):
        raise IngestError(f"{name} is empty: export it again")
    for magic, kind in _NOT_TEXT.items():
        if start.startswith(magic):
            raise IngestError(f"{name} is {kind}, not CSV: rename it")
    for mark, encoding in _NOT_UTF8.items():
        if start.startswith(mark):
            raise IngestError(f"{name} is {encoding}: export it as UTF-8")
    if b"\0" in start:
        raise IngestError(f"{name} is not text: export it as CSV in UTF-8")


def _header(text: Path, name: str, delimiter: str) -> list[str]:
    try:
        # Decoding reads ahead of the header, so errors in later lines must not fail here.
        with text.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
            header = next(csv.reader(opened, delimiter=delimiter, strict=True))
        columns = [column.strip() for column in header]
        "".join(columns).encode()
    except (UnicodeEncodeError, csv.Error, StopIteration) as error:
        raise IngestError(f"the header line of {name} is not CSV in UTF-8: export it again") from error
    columns = [column or f"column {number}" for number, column in enumerate(columns, start=1)]
    seen: set[str] = set()
    for column in columns:
        if column.lower() in seen:
            raise IngestError(f"{name} has two columns called {column} (case apart): rename one")
        seen.add(column.lower())
    return columns


def _load(
    engine: duckdb.DuckDBPyConnection, relation: str, source: str, columns: list[str], *, row_number: str
) -> None:
    names = ", ".join(identifier(column) for column in columns)
    engine.execute(f"CREATE TABLE {relation} AS SELECT {row_number} AS {ROW}, {names} FROM {source}")


def _csv(text: Path, columns: list[str], delimiter: str) -> str:
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({literal(text)}, columns = {{{types}}}, header = TRUE, delim = {literal(delimiter)}, "
        "quote = '\"', escape = '\"', auto_detect = FALSE, strict_mode = TRUE, compression = 'none', "
        "max_line_size = 16777216)"
    )
