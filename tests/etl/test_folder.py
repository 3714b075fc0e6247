"""Files of an export are found, read, or refused in one line."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.contract import IngestError
from tests.etl.shop import Shop, day, rows
from tests.shop_export import write_shop_export

_LINES = f"item_id,timestamp\na,{day(1)}\nb,{day(2)}\n"


def test_an_export_with_a_mapping_is_ingested_and_its_bad_rows_are_rejected(shop: Shop) -> None:
    num_dirty = write_shop_export(shop.folder)

    report = shop.ingest()

    manifest = report.tables.manifest
    assert (manifest.timezone, manifest.currency) == ("Europe/London", "GBP")
    assert len(shop.rejects()) == num_dirty == report.rejects["interactions"]
    assert report.rows["items"] == 5 * 4
    assert rows(report, "items", "item_id", "title", "category_id", "price", "cost")[0] == (
        "0000", "Spaghetti 500 g", "Cupboard > Dry Goods", 1.0, 0.6,
    )  # fmt: skip
    assert rows(report, "users", "attributes")[0] in [('{"City":"London"}',), ('{"City":"Leeds"}',)]
    assert report.warnings == []


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
def test_a_table_is_csv_gzip_or_parquet(shop: Shop, kind: str) -> None:
    shop.write()
    file = shop.folder / f"interactions.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"item_id": ["a", "b"], "timestamp": [day(1), day(2)]}), file)
    else:
        file.write_bytes(gzip.compress(_LINES.encode()) if kind == "csv.gz" else _LINES.encode())

    assert rows(shop.ingest(), "interactions", "item_id") == [("a",), ("b",)]


def test_a_mapping_file_elsewhere_counts_instead_of_the_one_in_the_folder(shop: Shop, tmp_path: Path) -> None:
    shop.write(mapping="timezone = 'Nowhere'", orders="Code|At\na|2026-07-01 12:00\n")
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text(
        'timezone = "Asia/Tokyo"\n[interactions]\nfile = "orders.csv"\ndelimiter = "|"\n'
        '[interactions.columns]\nitem_id = "Code"\ntimestamp = "At"\n'
    )

    report = shop.ingest(mapping=elsewhere)

    assert report.tables.manifest.timezone == "Asia/Tokyo"
    assert report.tables.manifest.first_at == "2026-07-01T03:00:00Z"


def test_unknown_columns_are_attributes_or_named_in_a_warning(shop: Shop) -> None:
    shop.write(
        interactions=f"item_id,timestamp,till,clerk\na,{day(1)},4,Bo\n",
        items='item_id,colour,size\na,"deep ""red""",\n',
        users="user_id,age\nu,42\n",
        notes="anything\nat all\n",
    )

    report = shop.ingest()

    assert report.warnings == [
        "files of no known table, not read: notes.csv",
        "interactions: columns not used: till, clerk",
    ]
    assert rows(report, "items", "attributes") == [('{"colour":"deep \\"red\\""}',)]
    assert rows(report, "users", "attributes") == [('{"age":"42"}',)]


def test_a_valid_csv_may_have_a_byte_order_mark_crlf_and_line_breaks_in_cells(shop: Shop) -> None:
    shop.write(items='item_id,description\r\na,"two\r\nlines"\r\nb,one\r\n')
    (shop.folder / "interactions.csv").write_bytes(b"\xef\xbb\xbf" + _LINES.replace("\n", "\r\n").encode())

    report = shop.ingest()

    assert rows(report, "items", "item_id", "description") == [("a", "two\r\nlines"), ("b", "one")]
    assert report.rejects == {}


def _file_cases() -> dict[str, tuple[str, bytes, str]]:
    parquet = pa.BufferOutputStream()
    pq.write_table(pa.table({"item_id": ["a"] * 9, "timestamp": [day(1)] * 9}), parquet)
    whole = parquet.getvalue().to_pybytes()
    packed = gzip.compress(("item_id,timestamp\n" + "".join(f"{n},{n}\n" for n in range(9999))).encode())
    return {
        "no bytes": ("interactions.csv", b"", "interactions.csv is empty: export it again"),
        "blank lines alone": ("interactions.csv", b"\n\n", "interactions.csv is empty"),
        "no bytes of Parquet": ("interactions.parquet", b"", "interactions.parquet is empty"),
        "no text in gzip": ("interactions.csv.gz", gzip.compress(b""), "interactions.csv.gz is empty"),
        "a header alone": (
            "interactions.csv",
            b"item_id,timestamp\n",
            "interactions has no usable line: give at least one",
        ),
        "truncated gzip": (
            "interactions.csv.gz",
            packed[: len(packed) // 2],
            "interactions.csv.gz is cut off (truncated gzip): export it again",
        ),
        "damaged gzip": (
            "interactions.csv.gz",
            packed[:-8] + b"\0" * 8,
            "interactions.csv.gz is not a complete gzip file (CRC check failed",
        ),
        "text called gzip": (
            "interactions.csv.gz",
            _LINES.encode(),
            "interactions.csv.gz is not a complete gzip file",
        ),
        "gzip called text": ("interactions.csv", packed, "interactions.csv is gzip, not CSV: rename it"),
        "Parquet called CSV": ("interactions.csv", whole, "interactions.csv is Parquet, not CSV: rename it"),
        "a spreadsheet": ("interactions.csv", b"PK\x03\x04rest", "is a zip archive or a spreadsheet"),
        "CSV called Parquet": (
            "interactions.parquet",
            _LINES.encode(),
            "interactions.parquet is not Parquet",
        ),
        "truncated Parquet": ("interactions.parquet", whole[:-9], "interactions.parquet is cut off"),
        "damaged Parquet": (
            "interactions.parquet",
            whole[:4] + b"\0" * (len(whole) - 12) + whole[-8:],
            "interactions.parquet cannot be read as Parquet",
        ),
        "UTF-16": (
            "interactions.csv",
            _LINES.encode("utf-16"),
            "interactions.csv is UTF-16: export it as UTF-8",
        ),
        "bytes": ("interactions.csv", b"item_id,\0\1\2", "interactions.csv is not text"),
        "a header in another encoding": (
            "interactions.csv",
            b"item_id,timestamp,gr\xfc\xdfe\n1,2,3\n",
            "the header line of interactions.csv is not CSV in UTF-8: export it again",
        ),
        "a column twice": (
            "interactions.csv",
            b"item_id,timestamp,Item_ID\n1,2,3\n",
            "interactions.csv has two columns called Item_ID (case apart): rename one",
        ),
        "no required column": (
            "interactions.csv",
            b"item_id,when\na,1\n",
            "interactions.csv lacks the required column timestamp; it has item_id, when: "
            "name it under [interactions.columns] in mapping.toml",
        ),
        "another delimiter": (
            "interactions.csv",
            b"item_id;timestamp\na;1\n",
            "it has item_id;timestamp: set delimiter = ';' under [interactions] in mapping.toml",
        ),
        "another name": (
            "orders.csv",
            _LINES.encode(),
            "expected interactions.csv, .csv.gz or .parquet, or [interactions] file = … in mapping.toml",
        ),
    }


@pytest.mark.parametrize("case", _file_cases())
def test_a_file_that_cannot_be_used_is_refused_in_one_line(shop: Shop, case: str) -> None:
    name, content, message = _file_cases()[case]
    shop.write()
    (shop.folder / name).write_bytes(content)

    with pytest.raises(IngestError) as raised:
        shop.ingest()

    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (shop.home / "tables").exists()


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ('[items]\nfile = "p.csv"', "items: p.csv, which the mapping names, is not in "),
        ('[interactions.columns]\nuser_id = "Kunde"', "lacks the column 'Kunde', mapped to user_id; it has"),
    ],
)
def test_what_the_mapping_names_must_be_there(shop: Shop, mapping: str, message: str) -> None:
    shop.write(interactions=_LINES, mapping=mapping)

    with pytest.raises(IngestError, match=re.escape(message)):
        shop.ingest()


def test_two_files_for_one_table_are_refused(shop: Shop) -> None:
    shop.write(interactions=_LINES)
    (shop.folder / "interactions.csv.gz").write_bytes(gzip.compress(_LINES.encode()))

    with pytest.raises(IngestError, match=r"interactions\.csv and interactions\.csv\.gz are both in"):
        shop.ingest()


def test_a_source_that_is_no_folder_is_refused(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "export"
    file.write_text("no folder")

    with pytest.raises(
        IngestError, match="is not a folder: give the folder of an export, or completejourney"
    ):
        shop.ingest()
