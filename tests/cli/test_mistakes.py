"""A mistake of the user gives one line with the next step, and exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["ingest", "nowhere"], "nowhere"),
        (["load"], "run bundlegraph ingest"),
        (["train"], "run bundlegraph ingest"),
        (["retrain"], "run bundlegraph ingest"),
        (["evaluate"], "run bundlegraph train"),
        (["recommend"], "run bundlegraph train"),
        (["models", "promote", "v9"], "v9"),
        (["models", "rollback"], "promote"),
        (["cypher", "RETURN 1"], "run bundlegraph load"),
        (["query", "no_such_query"], "no_such_query"),
        (["cypher", "RETURN 1", "--store", "mysql://localhost"], "mysql"),
        (["cypher", "RETURN 1", "--store", "bolt://127.0.0.1:1"], "bolt://127.0.0.1:1"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: list[str], advice: str, tmp_path: Path, run: Run
) -> None:
    completed = run(*arguments, home=tmp_path / "home")

    assert completed.returncode == 2, completed.stdout + completed.stderr
    assert completed.stdout == ""
    (line,) = completed.stderr.splitlines()
    assert line.startswith("error: ")
    assert advice in line


def test_nothing_to_list_is_exit_code_1(tmp_path: Path, run: Run) -> None:
    assert run("models", "list", home=tmp_path).returncode == 1


def test_an_impossible_request_names_its_constraint(shop: tuple[Path, Path, int], run: Run) -> None:
    completed = run("recommend", "--anchor", "0000", "--price-max", "0.01", home=shop[0])

    assert completed.returncode == 1
    assert "price_max" in completed.stderr


def test_an_unknown_anchor_is_named(shop: tuple[Path, Path, int], run: Run) -> None:
    completed = run("recommend", "--anchor", "no-such-item", home=shop[0])

    assert completed.returncode == 2
    assert "no-such-item" in completed.stderr
