"""The slow road for a damaged CSV file: bad records out, one by one, the rest into a sound file."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from etl.export import ROW, UnreadableRow

#: A quoted cell may run over so many lines; one that is longer has lost its closing quote.
_MAX_LINES = 1000
#: Some exports hold whole documents in a cell; the csv module's own limit is 128 KiB.
_MAX_CELL = 1 << 24


def mend(text: Path, mended: Path, *, columns: list[str], delimiter: str) -> list[UnreadableRow]:
    """Write the sound records of `text` to `mended`, each with its row number first, comma separated.

    A record is bad where its fields are not as many as the header's, a quote is broken, or a byte is not
    UTF-8. After a broken quote, reading goes on with the next line: one bad line takes no others with it.

    Returns:
        The bad records.
    """
    bad: list[UnreadableRow] = []
    csv.field_size_limit(_MAX_CELL)
    with (
        text.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened,
        mended.open("w", encoding="utf-8", newline="") as written,
    ):
        writer = csv.writer(written)
        writer.writerow([ROW.strip('"'), *columns])
        records = _records(opened, delimiter, len(columns))
        next(records)
        for row, (fields, line) in enumerate(records, start=1):
            reason = _fault(fields, len(columns))
            if reason is None:
                writer.writerow([row, *(fields or [])])
            else:
                bad.append(UnreadableRow(row, reason, _as_json(fields, line, columns)))
    return bad


def _records(lines: Iterator[str], delimiter: str, width: int) -> Iterator[tuple[list[str] | None, str]]:
    """Each record's fields, none where a quote is broken, with its first line; blank lines are no records."""
    again: deque[str] = deque()
    taken: list[str] = []

    def take() -> Iterator[str]:
        while len(taken) < _MAX_LINES:
            line = again.popleft() if again else next(lines, None)
            if line is None:
                return
            taken.append(line)
            yield line

    while True:
        taken.clear()
        try:
            fields = next(csv.reader(take(), delimiter=delimiter, strict=True), None)
        except csv.Error:
            fields = None
        if not taken:
            return
        if len(taken) > 1 and (fields is None or len(fields) != width):
            again.extendleft(reversed(taken[1:]))
            fields = None
        if fields != []:
            yield fields, taken[0]


def _fault(fields: list[str] | None, width: int) -> str | None:
    if fields is None:
        return "the line has a broken quote"
    if len(fields) != width:
        return f"the line has {len(fields)} fields, the header {width}"
    return None if all(map(_is_unicode, fields)) else "the line is not UTF-8"


def _is_unicode(field: str) -> bool:
    """False where a byte that was not UTF-8 has left half a surrogate pair behind."""
    if field.isascii():
        return True
    try:
        field.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_json(fields: list[str] | None, line: str, columns: list[str]) -> str:
    if fields is None:
        return _dump({"line": line.rstrip("\r\n")})
    row: dict[str, object] = dict(zip(columns, fields, strict=False))
    if len(fields) > len(columns):
        row["more"] = fields[len(columns) :]
    return _dump(row)


def _dump(row: dict[str, object]) -> str:
    text = json.dumps(row, ensure_ascii=False)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
