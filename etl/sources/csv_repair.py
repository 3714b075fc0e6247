"""Repair of a damaged CSV file: bad records are taken out one by one, the others written to a valid file."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from etl.export import ROW, UnreadableRow

#: A quoted cell may span this many lines; a longer one has lost its closing quote.
_MAX_LINES = 1000
#: Largest cell in characters: some exports hold whole documents; the csv module's own limit is 128 KiB.
_MAX_CELL = 1 << 24


def repair_csv(text: Path, repaired: Path, *, columns: list[str], delimiter: str) -> list[UnreadableRow]:
    """Write the valid records of `text` to `repaired`, comma separated and with the row number first.

    A record is bad if it has another number of fields than the header, an unclosed quote, or a byte that is
    not UTF-8. After an unclosed quote reading continues with the next line, so that one bad line does not
    swallow others.

    Returns:
        The bad records.
    """
    bad: list[UnreadableRow] = []
    csv.field_size_limit(_MAX_CELL)
    with (
        text.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened,
        repaired.open("w", encoding="utf-8", newline="") as written,
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
    """Fields (None after an unclosed quote) and first line of each record; blank lines are skipped."""
    returned: deque[str] = deque()
    taken: list[str] = []

    def take() -> Iterator[str]:
        while len(taken) < _MAX_LINES:
            line = returned.popleft() if returned else next(lines, None)
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
            returned.extendleft(reversed(taken[1:]))
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
    """False if a byte that was not UTF-8 left half a surrogate pair."""
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
