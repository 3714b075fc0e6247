import pytest
from fastapi.testclient import TestClient

BODY = {"anchors": ["pasta"], "size": 2, "n": 1}


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        (None, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,zh;q=0.5", "en"),
        ("de", "en"),
        ("zh;q=0", "en"),
        (";;;=,", "en"),
    ],
)
def test_reasons_are_in_the_language_that_the_visitor_prefers(
    client: TestClient, asked: str | None, spoken: str
) -> None:
    headers = {"Accept-Language": asked} if asked is not None else {}

    answer = client.post("/v1/bundles/generate", json=BODY, headers=headers)

    assert answer.headers["Content-Language"] == spoken
    assert answer.headers["Vary"] == "Accept-Language"
    text = answer.json()["bundles"][0]["reasons"][0]["text"]
    assert text.startswith({"en": "Bought together", "zh": "在"}[spoken])
