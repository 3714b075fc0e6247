from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from bundles.rules.log import DecisionLog
from tests.merchant import journals_kept_alive, open_journals, request

BAN_MILK = {"kind": "ban", "items": ["milk"], "made_by": "Ann"}
PIN_DINNER = {"kind": "pin", "items": ["pasta", "sauce"], "made_by": "Ann", "note": "spring"}


@pytest.fixture
def command_line(home: Path) -> Iterator[DecisionLog]:
    """Another process that decides."""
    with closing(DecisionLog(home)) as log:
        yield log


def related_to_bread(client: TestClient) -> set[str]:
    answer = client.get("/v1/items/bread/related").json()
    return {item["item_id"] for item in answer["items"]}


def test_a_decision_is_made_listed_and_revoked(client: TestClient) -> None:
    made = client.post("/v1/decisions", json=PIN_DINNER, headers={"X-Request-ID": "mine"})

    assert made.status_code == 201
    assert made.json()["request_id"] == "mine"
    decision = made.json()["decision"]
    assert decision["id"] == 1
    assert {name: decision[name] for name in PIN_DINNER} == PIN_DINNER
    assert (decision["status"], decision["revoked_by"]) == ("in_force", None)
    assert decision["made_at"].endswith("Z")
    assert client.get("/v1/decisions").json()["decisions"] == [decision]

    revoked = client.delete("/v1/decisions/1?revoked_by=Bo").json()["decision"]

    assert (revoked["status"], revoked["revoked_by"]) == ("revoked", "Bo")
    assert client.get("/v1/decisions").json()["decisions"] == []
    assert client.get("/v1/decisions?all=true").json()["decisions"] == [revoked]


def test_a_ban_holds_from_the_next_answer_on_and_until_it_is_revoked(client: TestClient) -> None:
    assert "milk" in related_to_bread(client)

    client.post("/v1/decisions", json=BAN_MILK)
    assert "milk" not in related_to_bread(client)

    client.delete("/v1/decisions/1?revoked_by=Ann")
    assert "milk" in related_to_bread(client)


def test_what_the_command_line_decides_holds_from_the_next_answer_on(
    client: TestClient, command_line: DecisionLog
) -> None:
    assert "milk" in related_to_bread(client)

    command_line.record(request("ban", "milk"))
    assert "milk" not in related_to_bread(client)

    command_line.revoke(1, revoked_by="Bo")
    assert "milk" in related_to_bread(client)


def test_decisions_outlive_the_service(client: TestClient, home: Path) -> None:
    client.post("/v1/decisions", json=BAN_MILK)

    with TestClient(create_app(ApiSettings(home=home))) as later:
        assert "milk" not in related_to_bread(later)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**BAN_MILK, "items": ["nothing"]}, "items"),
        ({**BAN_MILK, "items": []}, "items"),
        ({**PIN_DINNER, "items": ["pasta"]}, "items"),
        ({**PIN_DINNER, "items": ["pasta", "pasta"]}, "items"),
        ({**PIN_DINNER, "bundle_id": "dinner"}, "items"),
        ({"kind": "pin", "bundle_id": "no-such", "made_by": "Ann"}, "bundle_id"),
        ({**PIN_DINNER, "kind": "price", "price": 400}, "price"),
        ({**PIN_DINNER, "kind": "price"}, "price"),
        ({**PIN_DINNER, "kind": "rename", "title": ""}, "title"),
        ({**PIN_DINNER, "kind": "frame"}, "kind"),
        ({"kind": "ban", "items": ["milk"]}, "made_by"),
        ({**BAN_MILK, "until": "May"}, "until"),
    ],
)
def test_a_wrong_decision_is_422_names_the_field_and_is_not_kept(
    client: TestClient, body: dict[str, Any], field: str
) -> None:
    response = client.post("/v1/decisions", json=body)

    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert client.get("/v1/decisions?all=true").json()["decisions"] == []


def test_no_decision_is_no_file(client: TestClient, home: Path) -> None:
    client.get("/v1/decisions")
    client.post("/v1/bundles/generate", json={})

    assert not (home / "journal.db").exists()


def test_revoking_what_is_not_there_is_404_and_twice_is_409(client: TestClient) -> None:
    client.post("/v1/decisions", json=BAN_MILK)
    client.delete("/v1/decisions/1?revoked_by=Ann")

    again = client.delete("/v1/decisions/1?revoked_by=Bo")
    unknown = client.delete("/v1/decisions/2?revoked_by=Bo")

    assert (again.status_code, unknown.status_code) == (409, 404)
    assert again.json()["detail"] == "decision 1 was revoked before, by Ann"
    assert "no decision 2" in unknown.json()["detail"]


@pytest.mark.parametrize("query", ["", "?revoked_by=", "?revoked_by=Ann&why=spring"])
def test_revoked_by_is_required(client: TestClient, query: str) -> None:
    client.post("/v1/decisions", json=BAN_MILK)

    assert client.delete(f"/v1/decisions/1{query}").status_code == 422
    assert len(client.get("/v1/decisions").json()["decisions"]) == 1


def test_a_decision_about_a_removed_item_is_kept_with_a_remark(
    client: TestClient, command_line: DecisionLog
) -> None:
    command_line.record(request("ban", "gone"))

    (listed,) = client.get("/v1/decisions").json()["decisions"]

    assert (listed["status"], listed["remark"]) == ("no_effect", "items: no item 'gone' in the catalogue")
    assert client.post("/v1/bundles/generate", json={}).status_code == 200


def test_without_a_model_decisions_are_taken_unchecked_and_listed(tmp_path: Path) -> None:
    with TestClient(create_app(ApiSettings(home=tmp_path))) as client:
        made = client.post("/v1/decisions", json=BAN_MILK)
        listed = client.get("/v1/decisions").json()

    assert made.status_code == 201
    assert [decision["items"] for decision in listed["decisions"]] == [["milk"]]
    assert "run bundlegraph train" in listed["warnings"][0]


def test_nothing_is_answered_that_decisions_might_forbid_when_they_cannot_be_read(
    client: TestClient, home: Path
) -> None:
    (home / "journal.db").write_text("no database at all, but long enough to be taken for one" * 20)

    for response in (
        client.get("/v1/items/bread/related"),
        client.post("/v1/items/recommend", json={}),
        client.post("/v1/bundles/generate", json={}),
        client.post("/v1/bundles/recommend", json={}),
        client.post("/v1/decisions", json=BAN_MILK),
        client.get("/v1/decisions"),
        client.get("/readyz"),
    ):
        assert response.status_code == 503
        assert "journal.db cannot be used" in response.json()["detail"]
    assert client.get("/v1/items?q=bread").status_code == 200

    (home / "journal.db").unlink()
    assert client.get("/readyz").status_code == 200


def test_the_service_closes_the_journal_when_it_stops(home: Path) -> None:
    with journals_kept_alive():
        with TestClient(create_app(ApiSettings(home=home))) as client:
            client.post("/v1/decisions", json=BAN_MILK)
            assert open_journals(home) != []

        assert open_journals(home) == []
