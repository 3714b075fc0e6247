from __future__ import annotations

import csv
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from etl.sources.csv_repair import repair_csv
from tests.etl.shop import Shop, day, rows


def _repair(folder: Path, content: bytes) -> tuple[list[list[str]], list[tuple[int, str, dict[str, object]]]]:
    """Rows of the repaired file, and row, reason and data of the bad ones; the columns are a and b."""
    text, repaired = folder / "text.csv", folder / "repaired.csv"
    text.write_bytes(content)
    bad = repair_csv(text, repaired, columns=["a", "b"], delimiter=",")
    with repaired.open(encoding="utf-8", newline="") as opened:
        good = list(csv.reader(opened))[1:]
    return good, [(record.row, record.reason, json.loads(record.data)) for record in bad]


def test_a_record_with_too_few_or_too_many_fields_is_bad(tmp_path: Path) -> None:
    good, bad = _repair(tmp_path, b"a,b\n1,2\n3\n4,5,6\n7,8\n")

    assert good == [["1", "1", "2"], ["4", "7", "8"]]
    assert bad == [
        (2, "the line has 1 fields, the header 2", {"a": "3"}),
        (3, "the line has 3 fields, the header 2", {"a": "4", "b": "5", "more": ["6"]}),
    ]


def test_a_byte_that_is_not_utf_8_makes_only_its_own_line_bad(tmp_path: Path) -> None:
    good, bad = _repair(tmp_path, b"a,b\n1,caf\xe9\n2,\xc3\xa9\n")

    assert good == [["2", "2", "é"]]
    assert bad == [(1, "the line is not UTF-8", {"a": "1", "b": "caf�"})]


def test_an_unclosed_quote_makes_only_its_own_line_bad(tmp_path: Path) -> None:
    good, bad = _repair(tmp_path, b'a,b\n1,"2\n' + b"3,4\n" * 3000)

    assert len(good) == 3000
    assert good[0] == ["2", "3", "4"]
    assert bad == [(1, "the line has a broken quote", {"line": '1,"2'})]


def test_line_breaks_inside_quotes_and_blank_lines_are_allowed(tmp_path: Path) -> None:
    good, bad = _repair(tmp_path, b'a,b\n1,"x\ny"\n\n2,"say ""hi"""\n3\n')

    assert good == [["1", "1", "x\ny"], ["2", "2", 'say "hi"']]
    assert [row for row, _, _ in bad] == [3]


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2))
)
def test_valid_records_are_unchanged(tmp_path_factory, records: list[list[str]]) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.getbasetemp()
    text = folder / "records.csv"
    with text.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([["a", "b"], *records])

    good, bad = _repair(folder, text.read_bytes())

    assert [row[1:] for row in good] == records
    assert bad == []


def test_a_damaged_file_is_ingested_without_its_bad_lines(shop: Shop) -> None:
    shop.write()
    lines = [f"i{number},{day(1)}".encode() for number in range(40)]
    lines[10] = b"caf\xe9,2026-03-01"
    (shop.folder / "interactions.csv").write_bytes(b"item_id,timestamp\n" + b"\n".join(lines) + b"\nx,,\n")

    report = shop.ingest(max_reject_share=0.05)

    assert shop.rejects() == [
        ("interactions", 11, "the line is not UTF-8"),
        ("interactions", 41, "the line has 3 fields, the header 2"),
    ]
    assert len(rows(report, "interactions", "item_id")) == 39
