import sys

import pytest
from fastapi.testclient import TestClient

from bundles.compose.pareto.schemas import ParetoAnswer
from tests.planted_shop import GROCERY


def test_the_front_is_answered(client: TestClient) -> None:
    body = {"anchors": ["pasta"], "objectives": ["coherence", "margin"], "n": 3}

    response = client.post("/v1/bundles/pareto", json=body, headers={"X-Request-ID": "planner-1"})

    answer = ParetoAnswer.model_validate(response.json())
    assert response.status_code == 200
    assert (answer.request_id, answer.model_version) == ("planner-1", GROCERY.version)
    assert answer.objectives == ["coherence", "margin"]
    assert [item.item_id for item in answer.bundles[0].items] == ["pasta", "sauce"]
    assert answer.bundles[0].reasons[0].evidence["baskets"] == 40


def test_reasons_are_in_the_requested_language(client: TestClient) -> None:
    body = {"anchors": ["pasta"], "size": 2, "objectives": ["coherence", "margin"]}

    response = client.post("/v1/bundles/pareto", json=body, headers={"Accept-Language": "zh"})

    assert response.headers["Content-Language"] == "zh"
    assert "40" in response.json()["bundles"][0]["reasons"][0]["text"]
    assert not response.json()["bundles"][0]["reasons"][0]["text"].isascii()


def test_a_wrong_objective_is_a_problem_that_names_the_field(client: TestClient) -> None:
    response = client.post("/v1/bundles/pareto", json={"objectives": ["coherence", "profit"]})

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"] == "objectives[1]"


def test_a_front_that_nothing_satisfies_is_200_and_empty(client: TestClient) -> None:
    body = {"anchors": ["pasta"], "constraints": {"price_max": 0.01}}

    response = client.post("/v1/bundles/pareto", json=body)

    assert response.status_code == 200
    assert response.json()["bundles"] == []
    assert "price_max" in response.json()["warnings"][0]


def test_without_pymoo_it_is_503_with_the_package_to_install(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bundles.compose.pareto.search", None)

    response = client.post("/v1/bundles/pareto", json={})

    assert response.status_code == 503
    assert "pip install 'bundlegraph[pareto]'" in response.json()["detail"]
