import json
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import examples
from api.routes.decisions import DecisionAnswer, DecisionsAnswer
from api.routes.health import ReadyAnswer
from api.routes.model import ModelAnswer
from bundles.compose.pareto.schemas import ParetoAnswer, ParetoRequest
from bundles.present.answers import (
    GenerateAnswer,
    ItemsAnswer,
    RelatedAnswer,
    RelatedCategoriesAnswer,
    SearchAnswer,
    ShopBundlesAnswer,
)
from bundles.request.schemas import GenerateRequest, ItemsRequest, Weights

#: Each with its status where all is well.
ROUTES = {
    ("post", "/v1/bundles/generate"): "200",
    ("post", "/v1/bundles/recommend"): "200",
    ("post", "/v1/bundles/pareto"): "200",
    ("post", "/v1/items/recommend"): "200",
    ("get", "/v1/items/{item_id}/related"): "200",
    ("get", "/v1/items"): "200",
    ("get", "/v1/categories/related"): "200",
    ("post", "/v1/decisions"): "201",
    ("get", "/v1/decisions"): "200",
    ("delete", "/v1/decisions/{decision_id}"): "200",
    ("get", "/v1/model"): "200",
    ("post", "/v1/model/reload"): "200",
    ("get", "/healthz"): "200",
    ("get", "/readyz"): "200",
}


class AssetFinder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.assets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.assets += [value for name, value in attrs if name in {"src", "href"} and value]


@pytest.fixture
def description(client: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/openapi.json").json()
    return answer


def test_the_documentation_page_loads_nothing_from_another_host(client: TestClient) -> None:
    page = client.get("/docs")
    finder = AssetFinder()
    finder.feed(page.text)

    assert {asset.rsplit(".", 1)[1] for asset in finder.assets} >= {"js", "css"}
    assert "://" not in page.text.replace(str(client.base_url), "")
    assert all(asset.startswith("/") and not asset.startswith("//") for asset in finder.assets)
    for asset in finder.assets:
        response = client.get(asset)
        assert response.status_code == 200
        assert len(response.content) > 500
    # Where it is not none, Swagger UI sends the description to a validator of another host.
    assert '"validatorUrl": null' in page.text


def test_the_page_can_read_the_version_of_the_description(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    script = client.get("/static-offline-docs/swagger-ui-bundle.js").text

    assert description["openapi"].startswith("3.1")
    # Swagger UI reads OpenAPI 3.1 from version 5 on.
    assert 'PACKAGE_VERSION:"5.' in script


def test_every_route_is_described(description: dict[str, Any]) -> None:
    found = {(method, path) for path, operations in description["paths"].items() for method in operations}
    assert found == set(ROUTES)


def test_every_route_has_an_example_answer_and_every_body_one_of_a_request(
    description: dict[str, Any],
) -> None:
    for (method, path), status in ROUTES.items():
        operation = description["paths"][path][method]
        content = operation["responses"][status]["content"]["application/json"]
        if path != "/healthz":
            assert "example" in content
        if "requestBody" in operation:
            name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
            assert description["components"]["schemas"][name]["examples"]


def test_errors_are_described_as_problems(description: dict[str, Any]) -> None:
    for method, path in ROUTES:
        responses = description["paths"][path][method]["responses"]
        assert list(responses["422"]["content"]) == ["application/problem+json"]
        assert list(responses["default"]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in description["components"]["schemas"]


def test_fields_are_described(description: dict[str, Any]) -> None:
    constraints = description["components"]["schemas"]["Constraints"]["properties"]

    assert all("description" in field for field in constraints.values())


def test_the_examples_are_what_the_models_say() -> None:
    GenerateAnswer.model_validate(examples.GENERATE_ANSWER)
    ShopBundlesAnswer.model_validate(examples.SHOP_BUNDLES_ANSWER)
    ParetoAnswer.model_validate(examples.PARETO_ANSWER)
    ItemsAnswer.model_validate(examples.ITEMS_ANSWER)
    RelatedAnswer.model_validate(examples.RELATED_ANSWER)
    RelatedCategoriesAnswer.model_validate(examples.RELATED_CATEGORIES_ANSWER)
    SearchAnswer.model_validate(examples.SEARCH_ANSWER)
    DecisionAnswer.model_validate_json(json.dumps(examples.DECISION_ANSWER))
    DecisionsAnswer.model_validate_json(json.dumps(examples.DECISIONS_ANSWER))
    ModelAnswer.model_validate(examples.MODEL_ANSWER)
    ReadyAnswer.model_validate(examples.READY_ANSWER)
    for request in (GenerateRequest, ParetoRequest, ItemsRequest):
        for example in request.model_json_schema()["examples"]:
            request.model_validate(example)


def test_the_figures_of_an_example_agree_with_each_other() -> None:
    (bundle,) = GenerateAnswer.model_validate(examples.GENERATE_ANSWER).bundles
    pareto = ParetoAnswer.model_validate(examples.PARETO_ANSWER)
    (related,) = RelatedAnswer.model_validate(examples.RELATED_ANSWER).items
    of, weights = bundle.objectives.model_dump(), Weights().model_dump()

    # Of two items the only link is the weakest, and their coherence.
    assert of["coherence"] == bundle.weakest_link == related.score
    assert bundle.score == pytest.approx(
        sum(weights[name] * of[name] for name in weights) / sum(weights.values()), abs=5e-4
    )
    prices = [item.price for item in bundle.items if item.price is not None]
    assert bundle.price.list == pytest.approx(sum(prices))
    assert bundle.price.offer == pytest.approx(sum(prices) * (1 - of["discount"]))
    assert bundle.price.discount == of["discount"]
    assert bundle.reasons[0].evidence == {"baskets": related.baskets, "lift": related.lift}
    assert pareto.bundles[0].score == pytest.approx((of["coherence"] + of["breadth"]) / 2)
    assert pareto.hypervolume == pytest.approx(of["coherence"] * of["breadth"])


def test_the_description_is_made_once(app: FastAPI) -> None:
    assert app.openapi() is app.openapi()
