"""Ids, times and attributes from CSV and from typed Parquet."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.contract import IngestError
from etl.pseudonyms import load_key
from tests.etl.shop import Shop, day, rows

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.sets(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=20))
def test_ids_keep_every_character(tmp_path_factory: pytest.TempPathFactory, ids: set[str]) -> None:
    wanted = {"007", "a/b", "Ä 🍞", " x", 'q"', "x;y"} | {text for text in ids if text.strip()}
    base = tmp_path_factory.mktemp("ids")
    shop = Shop(base / "export", base / "home")
    shop.folder.mkdir()
    table = pa.table({"item_id": sorted(wanted), "timestamp": [_NOON] * len(wanted)})
    pq.write_table(table, shop.folder / "interactions.parquet")

    report = shop.ingest()

    assert {item for (item,) in rows(report, "items", "item_id")} == wanted
    assert [item for (item,) in rows(report, "items", "item_id")] == sorted(wanted)


def test_csv_ids_keep_leading_zeros_slashes_quotes_and_unicode(shop: Shop) -> None:
    ids = ["007", "a/b", "Ä 🍞", 'say ""x""', "x,y", "Case", "case"]
    lines = "".join(f'"{item}",{day(1)}\n' for item in ids)
    shop.write(interactions=f"item_id,timestamp\n{lines}")

    report = shop.ingest()

    assert {item for (item,) in rows(report, "items", "item_id")} == {
        "007", "a/b", "Ä 🍞", 'say "x"', "x,y", "Case", "case",
    }  # fmt: skip


_TIMES = {
    "2026-03-01T12:00:00Z": _NOON,
    "2026-03-01T13:00:00+01:00": _NOON,
    "2026-03-01 12:00:00": _NOON,
    "2026-03-01 12:00": _NOON,
    "2026-03-01T12:00Z": _NOON,
    "20260301T120000Z": _NOON,
    "20260301T1300+0100": _NOON,
    "2026-03-01T12:00:00,250": _NOON.replace(microsecond=250_000),
    "2026-03-01T12:00:00.250": _NOON.replace(microsecond=250_000),
    "2026-07-01 12:00:00": datetime(2026, 7, 1, 11, tzinfo=UTC),
    "2026-07-01": datetime(2026, 6, 30, 23, tzinfo=UTC),
    "20260701": datetime(2026, 6, 30, 23, tzinfo=UTC),
    "1772366400": _NOON,
    "1772366400.25": _NOON.replace(microsecond=250_000),
    # A skipped hour is read as the hour after it, a repeated one as the second.
    "2026-03-29 01:30:00": datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    "2025-10-26 01:30:00": datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
}


def test_times_are_read_in_the_zone_of_the_mapping_where_they_have_none(shop: Shop) -> None:
    lines = "".join(f'{number},"{text}"\n' for number, text in enumerate(_TIMES))
    shop.write(interactions=f"item_id,timestamp\n{lines}", mapping='timezone = "Europe/London"\n')

    report = shop.ingest()

    found = {int(item): instant for item, instant in rows(report, "interactions", "item_id", "timestamp")}
    assert [found[number] for number in range(len(_TIMES))] == list(_TIMES.values())


@pytest.mark.parametrize(
    ("values", "instant"),
    [
        (pa.array([datetime(2026, 7, 1, 12)], pa.timestamp("ns")), datetime(2026, 7, 1, 11, tzinfo=UTC)),
        (pa.array([_NOON], pa.timestamp("us", "UTC")), _NOON),
        (pa.array([1772366400.0], pa.float64()), _NOON),
        (pa.array([date(2026, 7, 1)], pa.date32()), datetime(2026, 6, 30, 23, tzinfo=UTC)),
    ],
)
def test_typed_times_of_parquet_are_read(shop: Shop, values: pa.Array, instant: datetime) -> None:
    shop.write(mapping='timezone = "Europe/London"\n')
    pq.write_table(pa.table({"item_id": ["i"], "timestamp": values}), shop.folder / "interactions.parquet")

    assert rows(shop.ingest(), "interactions", "timestamp") == [(instant,)]


def test_integer_milliseconds_of_parquet_are_refused_with_the_hint(shop: Shop) -> None:
    shop.write()
    table = pa.table({"item_id": ["i"], "timestamp": pa.array([1772366400000], pa.int64())})
    pq.write_table(table, shop.folder / "interactions.parquet")

    with pytest.raises(IngestError, match="timestamp looks like milliseconds since 1970: give seconds"):
        shop.ingest()


def test_an_integer_id_that_pandas_made_a_float_is_an_integer_again(shop: Shop) -> None:
    shop.write()
    table = pa.table(
        {
            "item_id": pa.array([1082185, 7], pa.int64()),
            "timestamp": [_NOON] * 2,
            "user_id": pa.array([718.0, float("nan")]),
        }
    )
    pq.write_table(table, shop.folder / "interactions.parquet")

    report = shop.ingest()

    assert rows(report, "interactions", "item_id", "user_id") == [
        ("1082185", load_key(shop.home).pseudonym("718")),
        ("7", None),
    ]


def test_a_column_that_cannot_be_read_as_its_kind_is_refused(shop: Shop) -> None:
    shop.write()
    pq.write_table(pa.table({"item_id": ["i"], "timestamp": [[1, 2]]}), shop.folder / "interactions.parquet")

    with pytest.raises(
        IngestError, match=r"interactions.timestamp is of type BIGINT\[\], which cannot be read"
    ):
        shop.ingest()


def test_a_promotion_that_ends_on_a_date_ends_with_that_day(shop: Shop) -> None:
    shop.write(
        interactions=f"item_id,timestamp\ni,{day(1)}\n",
        promotions="promotion_id,starts_at,ends_at\na,2026-03-01,2026-03-01\nb,2026-03-01,2026-03-01 00:00\n",
    )

    report = shop.ingest()

    first, second = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    assert rows(report, "promotions", "promotion_id", "starts_at", "ends_at") == [
        ("a", first, second),
        ("b", first, first),
    ]


def test_stock_is_a_flag_or_a_count(shop: Shop) -> None:
    cells = {"a": "yes", "b": "N", "c": "0", "d": "12", "e": "", "f": "FALSE"}
    lines = "".join(f"{item},{cell}\n" for item, cell in cells.items())
    shop.write(interactions=f"item_id,timestamp\na,{day(1)}\n", items=f"item_id,in_stock\n{lines}")

    assert dict(rows(shop.ingest(), "items", "item_id", "in_stock")) == {
        "a": True, "b": False, "c": False, "d": True, "e": True, "f": False,
    }  # fmt: skip


def test_item_vectors_of_one_length_are_kept_and_others_are_bad(shop: Shop, tmp_path: Path) -> None:
    shop.write(interactions=f"item_id,timestamp\na,{day(1)}\n")
    vectors = pa.array([[1.0, 2.0], [3.0, 4.0], [5.0], [6.0, float("nan")]], pa.list_(pa.float32()))
    pq.write_table(
        pa.table({"item_id": ["a", "b", "c", "d"], "vector": vectors}), shop.folder / "item_vectors.parquet"
    )

    report = shop.ingest(max_reject_share=0.5)

    assert rows(report, "item_vectors", "item_id", "vector") == [("a", [1.0, 2.0]), ("b", [3.0, 4.0])]
    assert shop.rejects() == [
        ("item_vectors", 3, "vector has another length than most"),
        ("item_vectors", 4, "vector is empty or has an element that is not a finite number"),
    ]
