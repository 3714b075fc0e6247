from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.exports.amazon_beauty import (
    LAST_DAY,
    TEST_FROM,
    VALIDATION_FROM,
    bought_together,
    categories,
    write_amazon_beauty,
)
from benchmarks.quality.options import BenchmarkError

FILES = {
    "product": ["soap", "brush", "cream"],
    "related_product": ["brush", "unlisted", "soap", "cream"],
    "also_bought_p_p": ["0 1 3", "2", ""],
    "bought_together_p_p": ["0", "2 3", "1"],
    "category": ["Beauty", "Shaving", "Soaps"],
    "category_p_c": ["0 2 1", "0 1", "0"],
    "brand": ["Acme"],
    "brand_p_b": ["0", "", "0"],
    "user_sequence": ["0 soap cream brush", "1 brush soap"],
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, lines in FILES.items():
        with gzip.open(tmp_path / f"{name}.txt.gz", "wt", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    return tmp_path


def test_a_split_by_time_leaves_each_users_last_items_out(source: Path) -> None:
    write_amazon_beauty(source, source / "export")

    rows = pq.read_table(source / "export" / "interactions.parquet").to_pylist()

    test = {(row["user_id"], row["item_id"]) for row in rows if row["timestamp"] >= TEST_FROM}
    train = {(row["user_id"], row["item_id"]) for row in rows if row["timestamp"] < VALIDATION_FROM}
    assert test == {("0", "brush"), ("1", "soap")}
    assert train == {("0", "soap")}
    assert {row["timestamp"] - LAST_DAY - timedelta(hours=12) for row in rows} == {
        timedelta(0),
        timedelta(days=-1),
        timedelta(days=-2),
    }


def test_a_category_is_a_path_from_the_wide_to_the_narrow_without_the_root(source: Path) -> None:
    write_amazon_beauty(source, source / "export")

    items = pq.read_table(source / "export" / "items.parquet").to_pylist()

    assert items == [
        {"item_id": "soap", "category": "Shaving > Soaps", "brand": "Acme"},
        {"item_id": "brush", "category": "Shaving", "brand": None},
        {"item_id": "cream", "category": "", "brand": "Acme"},
    ]
    assert categories(source) == {
        "soap": frozenset({"Shaving", "Soaps"}),
        "brush": frozenset({"Shaving"}),
        "cream": frozenset(),
    }


def test_a_hidden_pair_is_in_no_link_of_either_direction_or_kind(source: Path) -> None:
    write_amazon_beauty(source, source / "export", hidden=[("brush", "soap")])

    links = pq.read_table(source / "export" / "item_links.parquet").to_pylist()

    assert [tuple(link.values()) for link in links] == [
        ("soap", "unlisted", "also_bought"),
        ("soap", "cream", "also_bought"),
        ("brush", "cream", "bought_together"),
        ("cream", "unlisted", "bought_together"),
    ]


def test_bought_together_is_undirected_and_within_the_catalogue(source: Path) -> None:
    assert bought_together(source) == [("brush", "cream"), ("brush", "soap")]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"expected product\.txt\.gz"):
        bought_together(tmp_path)
