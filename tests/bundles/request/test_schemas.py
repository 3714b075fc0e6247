import math

import pytest
from pydantic import ValidationError

from bundles.request.schemas import GenerateRequest, ItemsRequest


def refused_field(body: object) -> tuple[int | str, ...]:
    with pytest.raises(ValidationError) as caught:
        GenerateRequest.model_validate(body)
    return caught.value.errors()[0]["loc"]


def test_an_empty_request_is_valid() -> None:
    request = GenerateRequest.model_validate({})

    assert (request.size.min, request.size.max, request.n) == (2, 4, 5)


def test_a_number_is_a_size_range_of_one() -> None:
    request = GenerateRequest.model_validate({"size": 3})

    assert (request.size.min, request.size.max) == (3, 3)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"anchor": ["a"]}, ("anchor",)),
        ({"constraints": {"max_price": 3}}, ("constraints", "max_price")),
        ({"anchors": "a"}, ("anchors",)),
        ({"anchors": [1]}, ("anchors", 0)),
        ({"anchors": [""]}, ("anchors", 0)),
        ({"anchors": ["\ud800"]}, ("anchors", 0)),
        ({"anchors": ["a"] * 13}, ("anchors",)),
        ({"cart": ["a"] * 1_001}, ("cart",)),
        ({"recent": ["a"] * 1_001}, ("recent",)),
        ({"user_id": 718}, ("user_id",)),
        ({"n": 0}, ("n",)),
        ({"n": 10**9}, ("n",)),
        ({"n": True}, ("n",)),
        ({"n": 2.5}, ("n",)),
        ({"size": 1}, ("size", "min")),
        ({"size": 13}, ("size", "min")),
        ({"size": 1_000}, ("size", "min")),
        ({"size": {"min": 5, "max": 2}}, ("size", "max")),
        ({"size": {"min": 2}}, ("size", "max")),
        ({"size": "3"}, ("size",)),
        ({"size": None}, ("size",)),
        ({"constraints": {"price_min": 5, "price_max": 2}}, ("constraints", "price_max")),
        ({"constraints": {"price_max": -1}}, ("constraints", "price_max")),
        ({"constraints": {"price_max": math.nan}}, ("constraints", "price_max")),
        ({"constraints": {"price_max": math.inf}}, ("constraints", "price_max")),
        ({"constraints": {"min_link": 1.01}}, ("constraints", "min_link")),
        ({"constraints": {"min_link": math.nan}}, ("constraints", "min_link")),
        ({"constraints": {"items_from": ["a"] * 1_001}}, ("constraints", "items_from")),
        ({"constraints": {"substitutes": 1}}, ("constraints", "substitutes")),
        ({"constraints": {"min_categories": 0}}, ("constraints", "min_categories")),
        ({"weights": {"coherence": -0.1}}, ("weights", "coherence")),
        ({"weights": {"margin": math.nan}}, ("weights", "margin")),
        ({"weights": {"coherence": 0, "user_fit": 0, "breadth": 0}}, ("weights",)),
        ({"weights": dict.fromkeys(["coherence", "user_fit", "breadth", "margin"], 0.0)}, ("weights",)),
        ({"diversity": 1.1}, ("diversity",)),
        ({"explain": "yes"}, ("explain",)),
        ([], ()),
    ],
)
def test_what_is_wrong_on_its_face_is_refused_by_field(body: object, field: tuple[int | str, ...]) -> None:
    assert refused_field(body) == field


def test_a_whole_cart_and_sequence_of_a_thousand_ids_are_taken() -> None:
    ids = [str(number) for number in range(1_000)]

    request = ItemsRequest.model_validate({"cart": ids, "recent": ids})

    assert (len(request.cart), len(request.recent)) == (1_000, 1_000)
