"""A CSV file of an export, as a relation of texts.

DuckDB reads a sound file in parallel. One with records that it refuses (a wrong number of fields, a broken
quote, bytes that are not UTF-8) is read once more, record by record: `etl.sources.mend` takes them out.
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
from etl.sources.mend import mend

_GZIP = b"\x1f\x8b"
_NOT_TEXT = {b"PAR1": "Parquet", _GZIP: "gzip", b"PK\x03\x04": "a zip archive or a spreadsheet"}
_NOT_UTF8 = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_csv(
    engine: duckdb.DuckDBPyConnection, relation: str, file: Path, *, delimiter: str, scratch: Path
) -> list[UnreadableRow]:
    """Make table `relation` of `file` (gzip where it ends so): `ROW` and its columns, all text.

    Returns:
        The records that are none.

    Raises:
        IngestError: If it is empty, damaged or not what its name says, or its header is not usable.
    """
    text = _unpack(file, scratch) if file.suffix == ".gz" else file
    _refuse_other_kinds(text, file.name)
    columns = _header(text, file.name, delimiter)
    try:
        _load(engine, relation, text, columns, delimiter)
        return []
    except duckdb.Error:
        engine.execute(f"DROP TABLE IF EXISTS {relation}")
    mended = scratch / f"{relation}.csv"
    unreadable = mend(text, mended, columns=columns, delimiter=delimiter)
    _load_mended(engine, relation, mended, columns)
    mended.unlink()
    return unreadable


def _unpack(file: Path, scratch: Path) -> Path:
    """The text in the gzip `file`; DuckDB itself takes a truncated one for whole."""
    text = scratch / file.stem
    try:
        with gzip.open(file, "rb") as packed, text.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, length=1 << 20)
    except EOFError as error:
        raise IngestError(f"{file.name} is cut off (truncated gzip): export it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise IngestError(
            f"{file.name} is not whole gzip ({error}): name it as what it is, or export it again"
        ) from error
    return text


def _refuse_other_kinds(text: Path, name: str) -> None:
    with text.open("rb") as opened:
        start = opened.read(1 << 16)
    if not start.strip(b"\xef\xbb\xbf\r\n\t "):
        raise IngestError(f"{name} is empty: export it again")
    for magic, kind in _NOT_TEXT.items():
        if start.startswith(magic):
            raise IngestError(f"{name} is {kind}, whatever its name says: name it as what it is")
    for mark, encoding in _NOT_UTF8.items():
        if start.startswith(mark):
            raise IngestError(f"{name} is {encoding}: export it as UTF-8")
    if b"\0" in start:
        raise IngestError(f"{name} is not text: export it as CSV in UTF-8")


def _header(text: Path, name: str, delimiter: str) -> list[str]:
    try:
        # The text layer decodes ahead of the first line, whose own bytes are what matters here.
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
    engine: duckdb.DuckDBPyConnection, relation: str, text: Path, columns: list[str], delimiter: str
) -> None:
    names = ", ".join(identifier(column) for column in columns)
    engine.execute(f"""
        CREATE TABLE {relation} AS
        SELECT row_number() OVER () AS {ROW}, {names}
        FROM {_csv(text, columns, delimiter)}
    """)


def _load_mended(engine: duckdb.DuckDBPyConnection, relation: str, mended: Path, columns: list[str]) -> None:
    """As `_load`, of a file whose first column is the row number in the shop's file."""
    names = ", ".join(identifier(column) for column in columns)
    engine.execute(f"""
        CREATE TABLE {relation} AS
        SELECT CAST({ROW} AS BIGINT) AS {ROW}, {names}
        FROM {_csv(mended, [ROW.strip('"'), *columns], ",")}
    """)


def _csv(text: Path, columns: list[str], delimiter: str) -> str:
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({literal(text)}, columns = {{{types}}}, header = TRUE, delim = {literal(delimiter)}, "
        "quote = '\"', escape = '\"', auto_detect = FALSE, strict_mode = TRUE, compression = 'none', "
        "max_line_size = 16777216)"
    )
