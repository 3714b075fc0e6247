from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from api.problems import MEDIA_TYPE, problem_of_error
from bundles.request.schemas import GenerateRequest, RequestError

GENERATE = "/v1/bundles/generate"


def problem_in(response: Response, status: int) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert response.status_code == body["status"] == status
    assert response.headers["content-type"] == MEDIA_TYPE
    assert response.headers["X-Request-ID"]
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    assert "\n" not in body["detail"]
    return body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"anchor": ["pasta"]}, "anchor"),
        ({"anchors": ["nope"]}, "anchors"),
        ({"anchors": ["pasta"], "constraints": {"items_exclude": ["pasta"]}}, "anchors"),
        ({"anchors": [1]}, "anchors[0]"),
        ({"size": {"min": 5, "max": 2}}, "size.max"),
        ({"size": 1}, "size.min"),
        ({"n": 0}, "n"),
        ({"n": 10**9}, "n"),
        ({"n": "many"}, "n"),
        ({"weights": {"coherence": -1}}, "weights.coherence"),
        ({"constraints": {"price_min": 5, "price_max": 2}}, "constraints.price_max"),
        ({"constraints": {"promotion_id": "nope"}}, "constraints.promotion_id"),
        ([], "body"),
        ("pasta", "body"),
    ],
)
def test_a_wrong_request_is_422_and_names_the_field(client: TestClient, body: object, field: str) -> None:
    found = problem_in(client.post(GENERATE, json=body), 422)

    assert field in {error["field"] for error in found["errors"]}
    assert field in found["detail"]
    assert found["instance"] == GENERATE


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"constraints": {"price_max": NaN}}', "constraints.price_max"),
        (b'{"weights": {"coherence": Infinity}}', "weights.coherence"),
        (b'{"user_id": "\\ud800"}', "user_id"),
        (b"{", "body"),
        (b"", "body"),
        (b"\xff\xfe", "body"),
        (b"null", "body"),
    ],
)
def test_what_is_no_proper_json_is_422(client: TestClient, content: bytes, field: str) -> None:
    response = client.post(GENERATE, content=content, headers={"Content-Type": "application/json"})

    assert field in {error["field"] for error in problem_in(response, 422)["errors"]}


def test_json_that_is_nested_without_end_is_400(client: TestClient) -> None:
    content = b"[" * 100_000

    problem_in(client.post(GENERATE, content=content, headers={"Content-Type": "application/json"}), 400)


def test_a_body_without_a_json_content_type_gets_a_hint(client: TestClient) -> None:
    response = client.post(GENERATE, content=b'{"n": 1}', headers={"Content-Type": "text/plain"})

    assert "Content-Type: application/json" in problem_in(response, 422)["detail"]


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_of_ten_megabytes_is_413(client: TestClient, is_announced: bool) -> None:
    chunks = [b"x" * 1_000_000] * 10
    content = b"".join(chunks) if is_announced else iter(chunks)

    response = client.post(GENERATE, content=content, headers={"Content-Type": "application/json"})

    assert "1,048,576 bytes" in problem_in(response, 413)["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/items", "q"),
        ("/v1/items?q=", "q"),
        ("/v1/items?q=bread&limit=3", "limit"),
        ("/v1/items?q=bread&n=1000000000", "n"),
        ("/v1/items/pasta/related?kind=friend", "kind"),
        ("/v1/items/pasta/related?cross_category=perhaps", "cross_category"),
        ("/v1/items/pasta/related?n=x", "n"),
    ],
)
def test_a_wrong_query_is_422_and_names_the_parameter(client: TestClient, path: str, field: str) -> None:
    found = problem_in(client.get(path), 422)

    assert [error["field"] for error in found["errors"]] == [field]


def test_a_thousand_errors_are_shortened(client: TestClient) -> None:
    found = problem_in(client.post(GENERATE, json={"cart": [1] * 1_000}), 422)

    assert len(found["errors"]) == 20
    assert found["detail"].endswith("and 997 more")


def test_an_unknown_route_is_404_and_a_wrong_method_405(client: TestClient) -> None:
    assert "no such route: /v1/nothing" in problem_in(client.get("/v1/nothing"), 404)["detail"]
    response = client.get(GENERATE)
    assert "GET is not a method" in problem_in(response, 405)["detail"]
    assert response.headers["Allow"] == "POST"


def test_an_unexpected_error_is_500_without_details(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/fails")
    def fail() -> None:
        raise RuntimeError("a secret")

    found = problem_in(client.get("/fails", headers={"X-Request-ID": "seven"}), 500)

    assert "secret" not in str(found)
    assert "request seven: GET /fails failed" in caplog.text


def test_a_batch_line_gets_the_same_problem_as_a_route() -> None:
    try:
        GenerateRequest.model_validate({"n": 0})
    except ValueError as error:
        found = problem_of_error(error)

    assert (found.status, found.errors[0].field) == (422, "n")
    assert problem_of_error(RequestError("anchors", "wrong")).errors[0].field == "anchors"
    assert problem_of_error(KeyError("x")).status == 500
