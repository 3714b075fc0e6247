"""The API over a saved model whose trees re-rank items and give co-basket probabilities."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bundles.present.answers import GenerateAnswer, ItemsAnswer, RelatedAnswer
from gnn.artifact.files import save_artifact
from gnn.registry import promote
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose promoted model has trees."""
    monkeypatch.setenv("BUNDLEGRAPH_PSEUDONYM_KEY", KEY.secret.decode())
    save_artifact(make_artifact(replace(GROCERY, trees=True)), tmp_path / "models")
    promote(tmp_path / "models", GROCERY.version)
    return tmp_path


def test_generate_keeps_the_constraints(client: TestClient) -> None:
    body = {
        "anchors": ["milk"],
        "user_id": "718",
        "size": 3,
        "constraints": {"price_max": 8, "items_exclude": ["butter"], "min_categories": 2},
    }

    answer = GenerateAnswer.model_validate(client.post("/v1/bundles/generate", json=body).json())

    assert answer.source == "gnn"
    assert answer.bundles
    for bundle in answer.bundles:
        assert bundle.items[0].item_id == "milk"
        assert len(bundle.items) == 3
        assert "butter" not in {item.item_id for item in bundle.items}
        assert len({item.category[0] for item in bundle.items}) >= 2
        assert bundle.price.offer is not None
        assert bundle.price.offer <= 8


def test_items_complete_a_cart_and_a_history(client: TestClient) -> None:
    cart, both = (
        ItemsAnswer.model_validate(
            client.post("/v1/items/recommend", json={"cart": ["pasta"], **user}).json()
        )
        for user in ({}, {"user_id": "718"})
    )

    assert cart.items[0].item_id == "sauce"
    # The user often buys milk, with bread and butter.
    assert {item.item_id for item in both.items[:4]} == {"sauce", "milk", "bread", "butter"}
    assert "pasta" not in {item.item_id for item in (*cart.items, *both.items)}


def test_a_visitor_without_a_cart_gets_items(client: TestClient) -> None:
    response = client.post("/v1/items/recommend", json={"n": 3})

    assert len(ItemsAnswer.model_validate(response.json()).items) == 3


def test_related_items_come_with_counts(client: TestClient) -> None:
    response = client.get("/v1/items/pasta/related", params={"n": 1, "kind": "complement"})

    item = RelatedAnswer.model_validate(response.json()).items[0]
    assert (item.item_id, item.baskets, item.lift) == ("sauce", 40, 5.0)
