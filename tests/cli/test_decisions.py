from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gnn.artifact.files import save_artifact
from gnn.registry import promote
from tests.artifact_factory import KEY, make_artifact
from tests.cli.conftest import Completed, Run, must
from tests.merchant import journals_kept_alive, open_journals
from tests.planted_shop import GROCERY

Decide = Callable[..., Completed]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a promoted model of the planted shop."""
    save_artifact(make_artifact(GROCERY), tmp_path / "models")
    promote(tmp_path / "models", GROCERY.version)
    (tmp_path / "pseudonym.key").write_text(KEY.secret.decode())
    return tmp_path


@pytest.fixture
def decide(run: Run, home: Path) -> Decide:
    """`decide`, by Ann."""
    return lambda *arguments: run("decide", *arguments, "--by", "Ann", home=home)


def bundles(run: Run, home: Path) -> list[dict[str, object]]:
    """Pairs around pasta."""
    answer = json.loads(run("recommend", "--anchor", "pasta", "--size", "2", "--json", home=home).stdout)
    found: list[dict[str, object]] = answer["bundles"]
    return found


def test_a_decision_is_printed_listed_and_applied(run: Run, home: Path, decide: Decide) -> None:
    printed = must(decide("rename", "sauce", "pasta", "--title", "Dinner for two", "--note", "as in May"))

    assert printed == "Decision 1: rename sauce, pasta title 'Dinner for two' (in force)\n"
    listed = must(run("decisions", home=home))
    assert all(word in listed for word in ("1", "rename", "sauce, pasta", "Ann", "as in May", "in force"))
    assert "Dinner for two" in [bundle["title"] for bundle in bundles(run, home)]
    shown = must(run("recommend", "--anchor", "pasta", "--size", "2", home=home))
    assert "Dinner for two: 4.00 EUR" in shown


def test_decisions_and_their_trail_are_printed_for_programs(run: Run, home: Path, decide: Decide) -> None:
    made = json.loads(must(decide("ban", "wine", "--json")))
    must(decide("price", "pasta", "sauce", "--price", "3.5"))
    revoked = json.loads(must(decide("revoke", "1", "--json")))

    in_force = json.loads(must(run("decisions", "--json", home=home)))
    trail = json.loads(must(run("decisions", "--all", "--json", home=home)))

    assert (made["id"], made["kind"], made["items"], made["status"]) == (1, "ban", ["wine"], "in_force")
    assert (revoked["status"], revoked["revoked_by"]) == ("revoked", "Ann")
    assert [(each["id"], each["price"]) for each in in_force] == [(2, 3.5)]
    assert [each["id"] for each in trail] == [2, 1]
    assert trail[1] == revoked


def test_every_kind_has_its_command(run: Run, home: Path, decide: Decide) -> None:
    must(decide("approve", "pasta", "milk"))
    must(decide("pin", "pasta", "cheese"))
    must(decide("reject", "pasta", "sauce"))
    must(decide("ban", "pasta", "butter"))
    must(decide("discount", "--share", "0.1", "--margin-floor", "0.05"))

    found = bundles(run, home)
    partners = [bundle["items"][1]["item_id"] for bundle in found]  # type: ignore[index]
    assert partners[0] == "cheese"
    assert "milk" in partners
    assert not {"sauce", "butter"} & set(partners)
    assert [bundle["decision"] for bundle in found[:1]] == ["pinned"]
    assert found[0]["price"]["offer"] == 4.95  # type: ignore[index]  # 5.50 less a tenth


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ban", "nothing"], "items: no item 'nothing' in the catalogue"),
        (["pin", "pasta"], "items: expected at least 2 items, or a bundle_id, found 1"),
        (["pin", "pasta", "pasta"], "items: 'pasta' appears twice"),
        (["pin", "pasta", "sauce", "--bundle", "dinner"], "items: expected items or bundle_id, found both"),
        (["pin", "--bundle", "dinner"], "bundle_id: the shop has no bundle 'dinner' of its own"),
        (["approve", "--bundle", "dinner"], "bundle_id: the shop has no bundle 'dinner' of its own"),
        (["reject", "--bundle", "dinner"], "bundle_id: the shop has no bundle 'dinner' of its own"),
        (
            ["rename", "--bundle", "dinner", "--title", "Dinner"],
            "bundle_id: the shop has no bundle 'dinner' of its own",
        ),
        (
            ["price", "--bundle", "dinner", "--price", "2"],
            "bundle_id: the shop has no bundle 'dinner' of its own",
        ),
        (["price", "pasta", "sauce", "--price", "4.01"], "price: expected at most the list price, 4.00"),
        (["price", "pasta", "sauce", "--price", "nan"], "price: Input should be a finite number"),
        (["rename", "pasta", "sauce", "--title", " "], "title: String should have at least 1 character"),
        (["discount"], "margin_floor: discount needs share, margin_floor or both"),
        (["revoke", "7"], "no decision 7"),
    ],
)
def test_a_wrong_decision_is_refused_in_one_line(
    run: Run, home: Path, decide: Decide, arguments: list[str], message: str
) -> None:
    refused = decide(*arguments)

    assert refused.returncode == 2
    assert message in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert json.loads(must(run("decisions", "--all", "--json", home=home))) == []


def test_by_is_required(run: Run, home: Path) -> None:
    refused = run("decide", "ban", "wine", home=home)

    assert refused.returncode == 2
    assert "--by" in refused.stderr


def test_without_decisions_the_list_points_to_decide(run: Run, home: Path) -> None:
    listed = run("decisions", home=home)

    assert listed.returncode == 1
    assert "bundlegraph decide --help" in listed.stdout
    assert not (home / "journal.db").exists()


def test_without_a_model_a_decision_is_recorded_unchecked_with_a_warning(run: Run, tmp_path: Path) -> None:
    made = run("decide", "ban", "anything", "--by", "Ann", home=tmp_path)

    assert made.returncode == 0
    assert "no model is in service yet" in made.stderr


def test_batches_apply_the_rules(run: Run, home: Path, tmp_path: Path, decide: Decide) -> None:
    queries, answers = tmp_path / "queries.jsonl", tmp_path / "answers.jsonl"
    queries.write_text('{"route": "items/recommend", "n": 20}\n{"route": "bundles/generate", "n": 20}\n')
    must(decide("ban", "milk"))

    must(run("recommend", "--batch", str(queries), "-o", str(answers), home=home))

    text = answers.read_text()
    assert '"bread"' in text
    assert '"milk"' not in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["decisions"],
        ["decide", "ban", "milk", "--by", "Ann"],
        ["decide", "revoke", "1", "--by", "Ann"],
        ["recommend", "--anchor", "pasta", "--size", "2"],
        ["pareto", "--anchor", "pasta", "--size", "2"],
        ["export", "bundles", "-o", "bundles.csv", "-n", "3"],
    ],
)
def test_a_command_closes_the_journal(
    arguments: list[str], run: Run, home: Path, decide: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    must(decide("pin", "pasta", "sauce"))
    monkeypatch.chdir(home)

    with journals_kept_alive():
        must(run(*arguments, home=home))
        assert open_journals(home) == []
