"""Files of bundles, on a shop's own export."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Run, must
from tests.shop_export import product_code

Shop = tuple[Path, Path, int]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_the_same_bundles_come_in_every_format(shop: Shop, run: Run, tmp_path: Path, suffix: str) -> None:
    home, _, _ = shop
    file = tmp_path / f"bundles.{suffix}"

    figures = json.loads(must(run("export", "bundles", "-o", str(file), "-n", "12", "--json", home=home)))

    rows = read(file)
    assert len(rows) == figures["num_bundles"] == 12
    times = Counter(item_id for held in rows for item_id in held)
    assert figures["max_exposure"] == max(times.values()) <= 5
    assert figures["coverage"] == len(times) / figures["num_items"]
    assert rows == read_jsonl(must_export(home, run, tmp_path / "again.jsonl"))


def test_a_person_reads_what_was_written(shop: Shop, run: Run, tmp_path: Path) -> None:
    printed = must(run("export", "bundles", "-o", str(tmp_path / "few.csv"), "-n", "3", home=shop[0]))

    assert "3 bundles in" in printed and "most shown in" in printed


def test_what_is_pinned_is_in_the_file_however_few_it_holds(shop: Shop, run: Run, tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "bundles.jsonl"
    shutil.copytree(shop[0], home)
    seldom = [product_code(4, 3), product_code(2, 0)]
    must(run("decide", "pin", *seldom, "--by", "Ann", home=home))

    must(run("export", "bundles", "-o", str(file), "-n", "2", home=home))

    assert sorted(read_jsonl(file)[0]) == sorted(seldom)


def test_another_format_is_refused(shop: Shop, run: Run, tmp_path: Path) -> None:
    found = run("export", "bundles", "-o", str(tmp_path / "bundles.xlsx"), home=shop[0])

    assert found.returncode == 2
    assert ".parquet" in found.stderr


def test_a_folder_that_is_not_there_is_named_and_nothing_is_left(
    shop: Shop, run: Run, tmp_path: Path
) -> None:
    found = run("export", "bundles", "-o", str(tmp_path / "no" / "b.csv"), "-n", "3", home=shop[0])

    assert found.returncode == 2
    assert "No such file" in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_nothing_satisfies_is_an_answer_of_none(shop: Shop, run: Run, tmp_path: Path) -> None:
    found = run(
        *("export", "bundles", "-o", str(tmp_path / "b.csv"), "--min-categories", "12", "--size-max", "12"),
        home=shop[0],
    )

    assert found.returncode == 1
    assert not (tmp_path / "b.csv").exists()


def must_export(home: Path, run: Run, file: Path) -> Path:
    must(run("export", "bundles", "-o", str(file), "-n", "12", home=home))
    return file


def read(file: Path) -> list[list[str]]:
    """Item ids of each bundle."""
    if file.suffix == ".parquet":
        return [list(row) for row in pq.read_table(file).column("item_ids").to_pylist()]
    if file.suffix == ".jsonl":
        return read_jsonl(file)
    with file.open(encoding="utf-8", newline="") as opened:
        return [json.loads(row["item_ids"]) for row in csv.DictReader(opened)]


def read_jsonl(file: Path) -> list[list[str]]:
    bundles = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [[item["item_id"] for item in bundle["items"]] for bundle in bundles]
