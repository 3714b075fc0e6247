import re
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from bundles.present.answers import (
    GenerateAnswer,
    ItemsAnswer,
    RelatedAnswer,
    RelatedCategoriesAnswer,
    SearchAnswer,
)
from tests.planted_shop import GROCERY

RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_generate_answers_priced_and_explained_bundles(client: TestClient) -> None:
    response = client.post("/v1/bundles/generate", json={"anchors": ["pasta"], "user_id": "718", "size": 2})

    answer = GenerateAnswer.model_validate(response.json())
    assert response.status_code == 200
    assert [item.item_id for item in answer.bundles[0].items] == ["pasta", "sauce"]
    assert answer.bundles[0].price.offer == 1.5 + 2.5
    assert answer.bundles[0].reasons[0].evidence["baskets"] == 40
    assert (answer.source, answer.model_version) == ("gnn", GROCERY.version)
    assert RFC_3339_UTC.fullmatch(answer.generated_at)


def test_the_shape_of_an_answer_is_the_agreed_one(client: TestClient) -> None:
    body = client.post("/v1/bundles/generate", json={"anchors": ["pasta"], "size": 2}).json()

    assert list(body) == ["request_id", "model_version", "generated_at", "source", "warnings", "bundles"]
    bundle = body["bundles"][0]
    agreed = ["rank", "score", "objectives", "items", "price", "reasons"]
    assert [name for name in bundle if name in agreed] == agreed
    assert set(bundle) - set(agreed) == {"bundle_id", "title", "decision", "weakest_link"}
    assert list(bundle["objectives"]) == ["coherence", "user_fit", "breadth", "margin", "discount"]
    assert bundle["items"][0] == {
        "item_id": "pasta",
        "title": "Spaghetti 500 g",
        "category": ["Grocery", "Pasta"],
        "price": 1.5,
        "role": "anchor",
    }
    assert bundle["price"] == {"list": 4.0, "offer": 4.0, "discount": 0.0}


def test_what_nothing_satisfies_is_200_with_a_warning_that_names_the_constraint(client: TestClient) -> None:
    body = {"anchors": ["pasta"], "constraints": {"price_max": 0.01}}

    response = client.post("/v1/bundles/generate", json=body)

    assert response.status_code == 200
    assert response.json()["bundles"] == []
    assert "price_max" in response.json()["warnings"][0]


def test_items_complete_a_cart(client: TestClient) -> None:
    response = client.post("/v1/items/recommend", json={"cart": ["pasta"], "n": 1})

    assert ItemsAnswer.model_validate(response.json()).items[0].item_id == "sauce"


def test_related_items_come_with_counts(client: TestClient) -> None:
    response = client.get("/v1/items/pasta/related", params={"n": 1, "kind": "complement"})

    item = RelatedAnswer.model_validate(response.json()).items[0]
    assert (item.item_id, item.baskets, item.lift) == ("sauce", 40, 5.0)


def test_substitutes_can_be_limited_to_other_level_0_categories(client: TestClient) -> None:
    response = client.get("/v1/items/pasta/related?kind=substitute&cross_category=true")

    answer = RelatedAnswer.model_validate(response.json())
    assert answer.items == []
    assert answer.warnings == ["no substitute of another level-0 category is known of 'pasta'"]


@pytest.mark.parametrize("path", ["soap/ü", quote("soap/ü"), quote("soap/ü", safe="")])
def test_an_id_may_hold_a_slash_and_other_letters_encoded_or_not(client: TestClient, path: str) -> None:
    response = client.get(f"/v1/items/{path}/related?cross_category=true")

    assert response.status_code == 200
    assert {item["item_id"] for item in response.json()["items"]} >= {"rolls"}


def test_the_catalogue_is_searched(client: TestClient) -> None:
    response = client.get("/v1/items", params={"q": "bread", "n": 5})

    found = SearchAnswer.model_validate(response.json()).items
    assert [item.item_id for item in found] == ["bread", "rolls"]


def test_related_categories_come_with_their_lift(client: TestClient) -> None:
    response = client.get("/v1/categories/related", params={"category": "Grocery > Pasta", "n": 1})

    assert list(response.json())[-1] == "categories"
    answer = RelatedCategoriesAnswer.model_validate(response.json())
    assert [found.model_dump() for found in answer.categories] == [
        {"category_id": "Grocery > Sauce", "name": "Sauce", "lift": 5.0, "baskets": 40, "rank": 1}
    ]


def test_an_unknown_category_is_404_with_the_expected_format(client: TestClient) -> None:
    response = client.get("/v1/categories/related?category=Pasta")

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "no category 'Pasta'" in response.json()["detail"]
    assert "the full path" in response.json()["detail"]


@pytest.mark.parametrize(
    ("query", "field"), [("", "category"), ("?category=Home&n=0", "n"), ("?category=Home&kind=x", "kind")]
)
def test_a_wrong_query_of_categories_is_422(client: TestClient, query: str, field: str) -> None:
    response = client.get(f"/v1/categories/related{query}")

    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_an_unknown_id_in_a_path_is_404(client: TestClient) -> None:
    response = client.get("/v1/items/nope/related")

    assert response.status_code == 404
    assert "no item 'nope'" in response.json()["detail"]


def test_a_callers_request_id_comes_back(client: TestClient) -> None:
    response = client.post("/v1/items/recommend", json={}, headers={"X-Request-ID": "checkout-7"})

    assert response.headers["X-Request-ID"] == response.json()["request_id"] == "checkout-7"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129])
def test_a_request_without_a_usable_id_gets_one(client: TestClient, given: str) -> None:
    response = client.post("/v1/items/recommend", json={}, headers={"X-Request-ID": given})

    assert re.fullmatch(r"[0-9a-f]{32}", response.json()["request_id"])
    assert response.headers["X-Request-ID"] == response.json()["request_id"]


def test_a_model_tells_version_age_and_metrics(client: TestClient) -> None:
    model = client.get("/v1/model").json()

    assert model["model_version"] == GROCERY.version
    assert model["metrics"] == {"ndcg_at_20": 0.15}
    assert model["age_seconds"] >= 0
    assert RFC_3339_UTC.fullmatch(model["loaded_at"])


def test_no_other_origin_is_let_in(client: TestClient) -> None:
    response = client.get("/v1/model", headers={"Origin": "https://elsewhere.example"})

    assert "access-control-allow-origin" not in response.headers


def test_recommend_ranks_the_shops_own_bundles_with_a_warning_if_there_are_none(client: TestClient) -> None:
    response = client.post("/v1/bundles/recommend", json={"user_id": "718", "cart": ["pasta"], "n": 3})

    assert response.status_code == 200
    body = response.json()
    assert list(body) == ["request_id", "model_version", "generated_at", "source", "warnings", "bundles"]
    assert body["bundles"] == []
    assert "the shop has no bundles of its own" in body["warnings"][-1]
