from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.exports.bundlerec import category_path, read_bundlerec, write_bundlerec
from benchmarks.quality.options import BenchmarkError

FILES = {
    "user_session": "user ID,session ID,timestamp\n7,1,1405987200\n8,0,1405036800\n",
    "session_item": "session ID,item ID\n0,10\n0,11\n0,12\n1,10\n1,13\n",
    "session_bundle": "session ID,bundle ID\n0,5\n1,6\n",
    "bundle_item": "bundle ID,item ID\n5,10\n5,11\n6,10\n6,13\n",
    "item_titles": 'item ID,titles\n10,"Cable, 2 m"\n11,Charger\n13,Bag\n',
    "item_categories": 'item ID,categories\n10,"[[Audio,Cables]]"\n11,"[[Audio]]"\n13,"[[Bags]]"\n',
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_comma_before_a_space_is_part_of_a_name() -> None:
    assert category_path("[[Camera & Photo,Bags, Cases,Straps]]") == "Camera & Photo > Bags, Cases > Straps"
    assert category_path("[[A,B],[A,C]]") == "A > B"


def test_a_session_has_its_items_its_bundles_and_which_items_are_described(source: Path) -> None:
    first, second = read_bundlerec(source).sessions

    assert (first.session_id, first.user_id) == ("0", "8")
    assert first.items == ("10", "11", "12")
    assert first.described == ("10", "11")
    assert first.bundles == (("5", frozenset({"10", "11"})),)
    assert second.timestamp.isoformat() == "2014-07-22T00:00:00+00:00"


def test_a_session_that_is_held_out_leaves_its_items_alone_in_the_export(source: Path) -> None:
    write_bundlerec(read_bundlerec(source), source / "export", without={"1"})

    tables = {
        name: pq.read_table(source / "export" / f"{name}.parquet") for name in ("interactions", "items")
    }
    lines = tables["interactions"].to_pylist()
    assert [row["item_id"] for row in lines if row["event"] == "view"] == ["10", "11", "12"]
    assert {(row["basket_id"], row["item_id"]) for row in lines if row["event"] == "purchase"} == {
        ("5", "10"),
        ("5", "11"),
    }
    assert tables["items"]["item_id"].to_pylist() == ["10", "11", "13"]
    assert pq.read_table(source / "export" / "bundles.parquet")["bundle_id"].to_pylist() == ["5"]
    assert pq.read_table(source / "export" / "bundle_items.parquet").num_rows == 2


def test_a_missing_file_is_named(source: Path) -> None:
    (source / "bundle_item.csv").unlink()

    with pytest.raises(BenchmarkError, match=r"expected bundle_item\.csv"):
        read_bundlerec(source)
