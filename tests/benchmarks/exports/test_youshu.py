from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.exports.youshu import TEST_FROM, VALIDATION_FROM, write_youshu
from benchmarks.quality.options import BenchmarkError

FILES = {
    "Youshu_data_size": "3\t2\t4\n",
    "user_item": "0\t3\n2\t1\n",
    "bundle_item": "0\t1\n0\t2\n1\t3\n",
    "user_bundle_train": "0\t1\n",
    "user_bundle_tune": "0\t0\n",
    "user_bundle_test": "2\t1\n",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_split_by_time_is_the_given_one(source: Path) -> None:
    write_youshu(source, source / "export")

    rows = pq.read_table(source / "export" / "bundle_interactions.parquet").to_pylist()
    parts = {
        (row["user_id"], row["bundle_id"]): (
            row["timestamp"] >= VALIDATION_FROM,
            row["timestamp"] >= TEST_FROM,
        )
        for row in rows
    }

    assert parts == {("0", "1"): (False, False), ("0", "0"): (True, False), ("2", "1"): (True, True)}


def test_items_and_bundles_without_events_are_in_the_catalogue(source: Path) -> None:
    write_youshu(source, source / "export")

    items = pq.read_table(source / "export" / "items.parquet")["item_id"].to_pylist()
    bundle_items = pq.read_table(source / "export" / "bundle_items.parquet").to_pylist()
    assert items == ["0", "1", "2", "3"]
    assert bundle_items[2] == {"bundle_id": "1", "item_id": "3"}


def test_a_missing_file_is_named(source: Path) -> None:
    (source / "user_item.txt").unlink()

    with pytest.raises(BenchmarkError, match=r"expected user_item\.txt"):
        write_youshu(source, source / "export")
