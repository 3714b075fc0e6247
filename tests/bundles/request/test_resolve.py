import pytest

from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest, RequestError


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"anchors": ["nope"]}, "anchors"),
        ({"anchors": ["pasta"], "constraints": {"items_exclude": ["pasta"]}}, "anchors"),
        ({"constraints": {"items_require": ["nope"]}}, "constraints.items_require"),
        (
            {"constraints": {"items_require": ["milk"], "items_exclude": ["milk"]}},
            "constraints.items_require",
        ),
        ({"cart": ["milk"], "constraints": {"items_require": ["milk"]}}, "constraints.items_require"),
        ({"constraints": {"promotion_id": "nope"}}, "constraints.promotion_id"),
        ({"anchors": ["pasta", "milk", "bread"], "size": 2}, "size"),
        ({"size": 2, "constraints": {"min_categories": 3}}, "constraints.min_categories"),
    ],
)
def test_a_request_that_contradicts_the_catalogue_or_itself_names_the_field(
    grocery: Recommender, body: dict[str, object], field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        grocery.generate(GenerateRequest.model_validate(body))

    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")


def test_an_anchor_given_twice_is_one(grocery: Recommender) -> None:
    twice = GenerateRequest.model_validate({"anchors": ["pasta", "pasta"], "size": 2})

    bundles = grocery.generate(twice).bundles

    assert [item.item_id for item in bundles[0].items].count("pasta") == 1


def test_unknown_ids_in_cart_recent_and_bans_are_left_out_with_a_warning(grocery: Recommender) -> None:
    request = GenerateRequest.model_validate(
        {"cart": ["x", "milk"], "recent": ["y"], "constraints": {"items_exclude": ["z"]}}
    )

    answer = grocery.generate(request)

    assert [warning.split(":")[0] for warning in answer.warnings[:3]] == [
        "cart",
        "recent",
        "constraints.items_exclude",
    ]
    assert answer.bundles


def test_many_unknown_ids_are_one_short_warning(grocery: Recommender) -> None:
    answer = grocery.generate(GenerateRequest(cart=tuple(f"x{number}" for number in range(1_000))))

    assert answer.warnings[0] == "cart: left out, not in the catalogue: 'x0', 'x1', 'x2' and 997 more"


def test_an_unknown_category_is_a_warning_with_the_expected_format(grocery: Recommender) -> None:
    request = GenerateRequest.model_validate({"constraints": {"categories_exclude": ["Milk"]}})

    answer = grocery.generate(request)

    assert answer.warnings[0].startswith("constraints.categories_exclude: no category 'Milk'")
    assert answer.bundles
