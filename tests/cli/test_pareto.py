from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli.front_scatter import scatter_lines
from gnn.artifact.files import save_artifact
from gnn.registry import promote
from tests.artifact_factory import KEY, make_artifact
from tests.cli.conftest import Run, must
from tests.planted_shop import GROCERY


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a promoted model of the planted shop."""
    (tmp_path / "pseudonym.key").write_bytes(KEY.secret)
    save_artifact(make_artifact(GROCERY), tmp_path / "models")
    promote(tmp_path / "models", GROCERY.version)
    return tmp_path


def test_the_front_is_a_table_and_a_picture_under_the_ranks(home: Path, run: Run) -> None:
    printed = must(run("pareto", "--objectives", "coherence,margin", "--size", "2", home=home))

    assert "Spaghetti 500 g + Tomato Sauce" in printed
    assert "coherence" in printed
    assert "offer EUR" in printed
    assert "└───" in printed


def test_as_json_it_is_the_answer_with_reasons(home: Path, run: Run) -> None:
    completed = run(
        "pareto", "--anchor", "pasta", "--objectives", "coherence, margin", "-n", "1", "--json", home=home
    )

    answer = json.loads(must(completed))
    assert answer["objectives"] == ["coherence", "margin"]
    assert len(answer["bundles"]) == 1
    assert answer["bundles"][0]["reasons"]


def test_the_front_is_drawn_as_a_picture_and_as_a_page_that_loads_nothing(home: Path, run: Run) -> None:
    picture, page = home / "plots" / "front.png", home / "plots" / "front.html"
    for file in (picture, page):
        must(run("pareto", "--size", "2", "--plot", str(file), home=home))

    text = page.read_text(encoding="utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert text.count("<svg") == 1
    assert "Tomato Sauce" in text
    assert "src=" not in text
    assert all(link.startswith("#") for link in re.findall('href="([^"]*)"', text))


def test_the_same_front_is_the_same_page(home: Path, run: Run) -> None:
    pages = []
    for name in ("one.html", "two.html"):
        must(run("pareto", "--size", "2", "--plot", str(home / name), home=home))
        lines = (home / name).read_text(encoding="utf-8").splitlines()
        # The one line with the time of the answer.
        pages.append([line for line in lines if GROCERY.version not in line])

    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--plot", "front.pdf"], 2, ".png or .html"),
        (["--objectives", "coherence,profit"], 2, "objectives.1"),
        (["--anchor", "nowhere"], 2, "no item 'nowhere'"),
        (["--anchor", "pasta", "--price-max", "0.5"], 1, "no bundle satisfies constraints.price_max"),
    ],
)
def test_what_cannot_be_answered_is_said(
    arguments: list[str], code: int, message: str, home: Path, run: Run
) -> None:
    completed = run("pareto", *arguments, home=home)

    assert completed.returncode == code
    assert message in completed.stderr


def test_a_scatter_has_each_rank_at_its_place() -> None:
    lines = scatter_lines([(0.9, 0.1), (0.5, 0.5), (0.1, 0.9)], across="x", up="y", width=21, height=5)

    frame = [line[8:] for line in lines[1:6]]
    assert frame[0] == "3"
    assert frame[2] == " " * 10 + "2"
    assert frame[4] == " " * 20 + "1"
    assert lines[1].startswith(" 0.900 │")
    assert lines[5].startswith(" 0.100 │")


def test_where_two_stand_at_one_place_the_better_rank_is_seen() -> None:
    lines = scatter_lines([(0.5, 0.5), (0.5, 0.5)], across="x", up="y", width=21, height=3)

    assert "".join(lines).count("1") == 1
    assert "2" not in "".join(lines)
