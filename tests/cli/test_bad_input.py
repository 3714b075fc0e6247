"""Bad and odd input through the whole of it: ingest, load, train, recommend. A result or a clear error."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Run, must

Row = tuple[str, ...]


@dataclass(frozen=True)
class Export:
    """A shop's export, a table a field; empty tables are not written."""

    interactions: Sequence[Row]
    """item_id, timestamp, user_id, basket_id"""
    items: Sequence[Row] = ()
    """item_id, title, category, description"""
    users: Sequence[Row] = ()
    """user_id, city"""
    vectors: dict[str, list[float]] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        columns = {
            "interactions": ["item_id", "timestamp", "user_id", "basket_id"],
            "items": ["item_id", "title", "category", "description"],
            "users": ["user_id", "city"],
        }
        for name, header in columns.items():
            rows: Sequence[Row] = getattr(self, name)
            if rows:
                with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerows([header, *rows])
        if self.vectors:
            table = pa.table({"item_id": list(self.vectors), "vector": list(self.vectors.values())})
            pq.write_table(table, folder / "item_vectors.parquet")
        return folder


def baskets(
    count: int, *, items: Sequence[str] = ("bread", "butter", "jam"), users: Sequence[str] = ("ann", "bob")
) -> list[Row]:
    """A basket a day of two or three of `items`, users in turn."""
    rng = np.random.default_rng(0)
    lines: list[Row] = []
    for basket in range(count):
        at = f"2024-{1 + basket // 28:02}-{1 + basket % 28:02}T10:00:00Z"
        held = rng.choice(len(items), size=min(len(items), 2 + basket % 2), replace=False)
        lines += [(items[position], at, users[basket % len(users)], f"b{basket}") for position in held]
    return lines


def go(run: Run, export: Export, work: Path) -> Path:
    """The home of `export` after ingest, load and training."""
    home = load(run, export, work)
    must(run("train", "--config", "demo", home=home))
    return home


def load(run: Run, export: Export, work: Path) -> Path:
    """The home of `export` after ingest and load."""
    home = work / "home"
    must(run("ingest", str(export.write(work / "export")), home=home))
    must(run("load", home=home))
    return home


def recommended(run: Run, home: Path, *arguments: str) -> list[dict[str, object]]:
    """The bundles of an answer, every number in it finite; none where no bundle can be made."""
    done = run("recommend", *arguments, "--json", home=home)
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout, parse_constant=_refuse)
    bundles: list[dict[str, object]] = answer["bundles"]
    assert all(math.isfinite(float(str(bundle["score"]))) for bundle in bundles)
    return bundles


def _refuse(constant: str) -> float:
    raise AssertionError(f"found {constant} in an answer")


def items_of(bundle: dict[str, object]) -> list[str]:
    items = bundle["items"]
    assert isinstance(items, list)
    return [item["item_id"] for item in items]


def test_one_user_with_one_basket_of_one_item_is_answered_with_nothing(run: Run, tmp_path: Path) -> None:
    home = go(run, Export([("bread", "2024-01-01T10:00:00Z", "ann", "1")]), tmp_path)

    assert recommended(run, home, "--anchor", "bread", "--size", "2") == []
    assert "Nothing was measured" in must(run("evaluate", home=home))


def test_one_item_in_many_baskets_is_answered_with_nothing(run: Run, tmp_path: Path) -> None:
    home = go(run, Export(baskets(20, items=["bread"])), tmp_path)

    assert recommended(run, home, "--anchor", "bread", "--size", "2") == []
    assert recommended(run, home, "--user", "ann") == []


def test_fifty_baskets_with_one_item_in_each_are_answered_by_a_closed_form(run: Run, tmp_path: Path) -> None:
    days = [f"2024-01-{1 + number // 2:02}T{9 + number % 2:02}:00:00Z" for number in range(50)]
    lines = [("bread", day, "ann", f"b{number}") for number, day in enumerate(days)]
    lines += [(("butter", "jam")[number % 2], *line[1:]) for number, line in enumerate(lines)]
    home = load(run, Export(lines), tmp_path)

    trained = run("train", "--config", "demo", home=home)
    answer = json.loads(must(run("recommend", "--anchor", "jam", "--size", "2", "--json", home=home)))

    assert "too little data for a GNN" in trained.stderr
    assert "Hidden item of" in trained.stdout
    assert answer["source"] == "closed_form"
    assert items_of(answer["bundles"][0]) == ["jam", "bread"]


def test_a_shop_of_one_category_has_bundles_though_none_across_categories(run: Run, tmp_path: Path) -> None:
    items = [(item, item.title(), "Food", "") for item in ("bread", "butter", "jam")]
    home = go(run, Export(baskets(20), items), tmp_path)

    asked = recommended(run, home, "--anchor", "jam", "--size", "2")
    across = run("recommend", "--anchor", "jam", "--min-categories", "2", home=home)

    assert asked
    assert across.returncode == 1
    assert "min_categories" in across.stderr


def test_no_users_categories_or_prices_are_needed(run: Run, tmp_path: Path) -> None:
    home = go(run, Export(baskets(50, users=[""])), tmp_path)

    assert recommended(run, home, "--anchor", "bread", "--size", "2")
    assert recommended(run, home, "--user", "nobody", "--size", "2")


def test_a_repeated_user_is_left_out_and_said(run: Run, tmp_path: Path) -> None:
    users = [(f"u{number}", "Leeds") for number in range(40)] + [("u7", "London")]
    home = go(run, Export(baskets(80, users=[user for user, _ in users[:40]]), users=users), tmp_path)

    assert "user_id repeats an earlier row" in (home / "rejects.csv").read_text(encoding="utf-8")
    assert recommended(run, home, "--user", "u7", "--size", "2")


def test_many_repeated_users_are_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    export = Export(baskets(3), users=[("ann", "Leeds")] * 3)

    done = run("ingest", str(export.write(tmp_path / "export")), home=tmp_path / "home")

    assert done.returncode == 2
    assert "users" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_any_text_is_kept_shown_and_trained_on(run: Run, tmp_path: Path) -> None:
    items = [
        ("bread", "面包 🥖", "食品 > 面包", "x" * 100_000),
        ("butter", "Butter &amp; Salt <b>bold</b>", "食品 > 乳制品", "🧈" * 1_000),
        ("jam", "مربى", "食品 > 果酱", ""),
    ]
    home = go(run, Export(baskets(30), items), tmp_path)

    bundle = recommended(run, home, "--anchor", "bread", "--size", "3")[0]

    titles = {item["item_id"]: item["title"] for item in bundle["items"]}  # type: ignore[attr-defined]  # JSON
    assert titles["bread"] == "面包 🥖"
    assert titles["jam"] == "مربى"
    assert titles["butter"] == "Butter &amp; Salt <b>bold</b>"


def test_zero_vectors_and_items_without_one_do_no_harm(run: Run, tmp_path: Path) -> None:
    home = go(run, Export(baskets(30), vectors={"bread": [0.0, 0.0], "jam": [1.0, 2.0]}), tmp_path)

    assert recommended(run, home, "--anchor", "bread", "--size", "2")


@pytest.mark.parametrize(
    "vector", [[math.nan, 1.0], [math.inf, 1.0], [1.0], []], ids=["NaN", "infinite", "short", "empty"]
)
def test_a_vector_that_is_none_is_refused_as_a_row(run: Run, tmp_path: Path, vector: list[float]) -> None:
    vectors = {f"i{number}": [1.0, 2.0] for number in range(30)} | {"bread": vector}
    home = tmp_path / "home"

    done = run("ingest", str(Export(baskets(3), vectors=vectors).write(tmp_path / "export")), home=home)

    assert done.returncode == 0, done.stderr
    assert "vector" in (home / "rejects.csv").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def forty_baskets(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return load(run, Export(baskets(40)), tmp_path_factory.mktemp("forty"))


@pytest.mark.parametrize(
    ("validation_from", "test_from"),
    [("2030-01-01", "2030-02-01"), ("2000-01-01", "2024-01-10"), ("2024-01-28", "2024-01-28")],
    ids=["after all", "before all", "empty"],
)
def test_a_window_without_data_is_a_warning_and_a_model(
    run: Run, forty_baskets: Path, validation_from: str, test_from: str
) -> None:
    days = ["--validation-from", validation_from, "--test-from", test_from]

    trained = run("train", "--config", "demo", *days, home=forty_baskets)

    assert trained.returncode == 0
    assert "not evaluated" in trained.stderr
    assert recommended(run, forty_baskets, "--anchor", "bread", "--size", "2")
