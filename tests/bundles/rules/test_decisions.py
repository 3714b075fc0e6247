from typing import Any

import pytest
from pydantic import ValidationError

from bundles.rules.decisions import DecisionRequest

ANN = {"made_by": "Ann"}
PAIR = ["bread", "butter"]


def refused(body: dict[str, Any]) -> dict[str, str]:
    """What is wrong with each field of `body`."""
    with pytest.raises(ValidationError) as caught:
        DecisionRequest.model_validate(body)
    return {
        str(error["loc"][0]): error["msg"].removeprefix("Value error, ") for error in caught.value.errors()
    }


@pytest.mark.parametrize("example", DecisionRequest.model_json_schema()["examples"])
def test_the_examples_are_decisions(example: dict[str, Any]) -> None:
    assert DecisionRequest.model_validate(example).kind == example["kind"]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"kind": "pin"}, "items", "expected at least 2 items, or a bundle_id, found 0"),
        ({"kind": "pin", "items": ["bread"]}, "items", "expected at least 2 items, or a bundle_id, found 1"),
        ({"kind": "approve", "items": ["bread", "bread"]}, "items", "'bread' appears twice"),
        (
            {"kind": "reject", "items": PAIR, "bundle_id": "b"},
            "items",
            "expected items or bundle_id, found both",
        ),
        (
            {"kind": "reject", "items": [f"i{n}" for n in range(13)]},
            "items",
            "Tuple should have at most 12 items",
        ),
        ({"kind": "ban"}, "items", "expected one item, or two that must not meet, found 0"),
        ({"kind": "ban", "items": [*PAIR, "jam"]}, "items", "expected one item, or two that must not meet"),
        ({"kind": "ban", "items": [""]}, "items", "at least 1 character"),
        ({"kind": "ban", "bundle_id": "b"}, "bundle_id", "ban takes items: a bundle is rejected"),
        ({"kind": "rename", "items": PAIR}, "title", "rename needs it"),
        ({"kind": "rename", "items": PAIR, "title": "  "}, "title", "at least 1 character"),
        ({"kind": "rename", "items": PAIR, "title": "x" * 201}, "title", "at most 200 characters"),
        ({"kind": "rename", "items": PAIR, "title": "two\nlines"}, "title", "expected one line of text"),
        ({"kind": "pin", "items": PAIR, "title": "Toast"}, "title", "pin takes none: it belongs to rename"),
        ({"kind": "price", "items": PAIR}, "price", "price needs it"),
        ({"kind": "price", "items": PAIR, "price": 0}, "price", "greater than 0"),
        ({"kind": "price", "items": PAIR, "price": -1}, "price", "greater than 0"),
        ({"kind": "price", "items": PAIR, "price": float("nan")}, "price", "finite number"),
        ({"kind": "price", "items": PAIR, "price": float("inf")}, "price", "finite number"),
        ({"kind": "price", "items": PAIR, "price": "3.50"}, "price", "valid number"),
        ({"kind": "rename", "items": PAIR, "title": "Toast", "price": 3}, "price", "rename takes none"),
        ({"kind": "discount"}, "margin_floor", "discount needs share, margin_floor or both"),
        ({"kind": "discount", "share": 1}, "share", "less than 1"),
        ({"kind": "discount", "share": 0.1, "items": PAIR}, "items", "the shop's policy, for every bundle"),
        ({"kind": "discount", "share": 0.1, "bundle_id": "b"}, "bundle_id", "the shop's policy"),
        ({"kind": "pin", "items": PAIR, "share": 0.1}, "share", "pin takes none: it belongs to discount"),
        ({"kind": "pin", "items": PAIR, "margin_floor": 0.1}, "margin_floor", "pin takes none"),
        ({"kind": "hide", "items": PAIR}, "kind", "Input should be 'approve'"),
        ({"items": PAIR}, "kind", "Field required"),
        ({"kind": "pin", "items": PAIR, "made_by": " "}, "made_by", "at least 1 character"),
        ({"kind": "pin", "items": PAIR, "made_by": "x" * 101}, "made_by", "at most 100 characters"),
        ({"kind": "pin", "items": PAIR, "note": "x" * 1001}, "note", "at most 1000 characters"),
        ({"kind": "pin", "items": PAIR, "until": "May"}, "until", "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_decision_is_refused_and_names_the_field(
    body: dict[str, Any], field: str, message: str
) -> None:
    wrong = refused({**ANN, **body})

    assert list(wrong) == [field]
    assert message in wrong[field]


def test_all_errors_are_reported_at_once() -> None:
    wrong = refused({"kind": "price", "items": ["bread", "bread"], "price": -1})

    assert set(wrong) == {"items", "price", "made_by"}


def test_spaces_around_what_people_type_are_left_out() -> None:
    renamed = DecisionRequest.model_validate(
        {"kind": "rename", "items": PAIR, "title": " Toast ", "made_by": " Ann "}
    )

    assert (renamed.title, renamed.made_by) == ("Toast", "Ann")
