from itertools import combinations

import pytest

from bundles.present.answers import GenerateAnswer
from bundles.recommender import Recommender
from bundles.request.schemas import MAX_BUNDLES, GenerateRequest
from tests.artifact_factory import KEY, PlantedItem, PlantedPromotion, PlantedShop, make_artifact


def generate(recommender: Recommender, **body: object) -> GenerateAnswer:
    return recommender.generate(GenerateRequest.model_validate(body))


def sets_of(answer: GenerateAnswer) -> list[set[str]]:
    return [{item.item_id for item in bundle.items} for bundle in answer.bundles]


def test_min_link_holds_for_every_pair_and_null_sets_no_minimum(grocery: Recommender) -> None:
    everything = generate(grocery, size=2, n=None, constraints={"substitutes": True})
    strong = generate(grocery, size=2, n=None, constraints={"substitutes": True, "min_link": 0.6})

    # Among pairs with a price and in stock, only what was bought together has a lift above 1.5 = .6 / .4.
    assert sets_of(strong)
    assert all(bundle.weakest_link >= 0.6 for bundle in strong.bundles)
    are_strong = [bundle.weakest_link >= 0.6 for bundle in everything.bundles]
    assert sum(are_strong) == len(strong.bundles) < len(everything.bundles)


def test_null_is_no_shortage_and_has_a_bound(grocery: Recommender) -> None:
    answer = generate(grocery, size={"min": 2, "max": 4}, n=None)

    assert 5 < len(answer.bundles) <= MAX_BUNDLES
    assert answer.warnings == []


def test_added_items_come_from_the_list_that_is_given(grocery: Recommender) -> None:
    answer = generate(
        grocery, anchors=["pasta"], size=3, n=None, constraints={"items_from": ["milk", "bread", "rolls"]}
    )

    allowed = [set(pair) | {"pasta"} for pair in combinations(["milk", "bread", "rolls"], 2)]
    assert sets_of(answer)
    assert all(ids in allowed for ids in sets_of(answer))


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"size": 3, "constraints": {"min_link": 0.999}}, "constraints.min_link"),
        ({"anchors": ["pasta"], "constraints": {"items_from": ["nope"]}}, "constraints.items_from"),
        # Rolls for .10 and milk for 1.00 are the cheapest two.
        ({"size": 2, "constraints": {"price_max": 1.09}}, "constraints.price_max"),
        (
            {"size": 3, "constraints": {"items_from": ["milk", "bread"], "min_link": 0.1}},
            "constraints.items_from",
        ),
    ],
)
def test_a_constraint_that_nothing_satisfies_is_named(
    grocery: Recommender, body: dict[str, object], name: str
) -> None:
    answer = generate(grocery, **body)

    assert answer.bundles == []
    assert f"no bundle satisfies {name}" in answer.warnings[-1]


def test_the_cheapest_pair_is_found_where_its_price_is_the_limit(grocery: Recommender) -> None:
    answer = generate(grocery, size=2, constraints={"price_max": 1.1})

    assert sets_of(answer) == [{"rolls", "milk"}]


def test_a_limit_is_met_though_few_items_are_looked_through(
    grocery: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bundles.compose.candidates.NUM_BEST_RANKED", 1)
    constraints = {"price_max": 1.6, "min_categories": 2}

    answer = generate(grocery, anchors=["pasta"], user_id="718", size=2, constraints=constraints)

    assert sets_of(answer) == [{"pasta", "rolls"}]


def test_unknown_items_of_a_list_are_left_out_with_a_warning(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["pasta"], constraints={"items_from": ["milk", "nope"]})

    assert sets_of(answer) == [{"pasta", "milk"}]
    assert answer.warnings[0] == "constraints.items_from: left out, not in the catalogue: 'nope'"


def test_an_empty_promotion_is_named() -> None:
    shop = PlantedShop(
        items=[PlantedItem("a", "A > a", 1.0), PlantedItem("b", "B > b", 1.0)],
        baskets=[(["a", "b"], 20)],
        promotions=[PlantedPromotion("empty", {})],
    )

    answer = generate(Recommender(make_artifact(shop), KEY), constraints={"promotion_id": "empty"})

    assert answer.bundles == []
    assert answer.warnings[-1].startswith("no bundle satisfies constraints.promotion_id")


@pytest.mark.parametrize("category", ["", "Everything"])
def test_a_shop_of_one_category_or_none_has_bundles(category: str) -> None:
    ids = [f"i{number}" for number in range(12)]
    shop = PlantedShop(
        items=[PlantedItem(item_id, category, 1.0) for item_id in ids],
        baskets=[(ids[start : start + 3], 20) for start in range(0, 12, 3)],
        product_types="none",
    )

    answer = generate(Recommender(make_artifact(shop), KEY), size=3, n=4, diversity=0.5)

    assert {frozenset(ids) for ids in sets_of(answer)} == {
        frozenset(ids[start : start + 3]) for start in range(0, 12, 3)
    }


def test_bundles_that_differ_by_variants_alone_are_not_shown_side_by_side() -> None:
    # Milk comes in four sizes, each bought with cereal as often; cheese somewhat less.
    sizes = [f"milk {litres} l" for litres in (1, 2, 3, 4)]
    shop = PlantedShop(
        items=[PlantedItem(item_id, f"Dairy > {item_id}", 1.0) for item_id in [*sizes, "cheese"]]
        + [PlantedItem("cereal", "Grocery > Cereal", 1.0), PlantedItem("soap", "Home > Soap", 1.0)],
        baskets=[([size, "cereal"], 20) for size in sizes]
        + [(["cheese", "cereal"], 20), (["cheese"], 10), (["soap"], 80)],
        variants=[tuple(sizes)],
    )

    answer = generate(Recommender(make_artifact(shop), KEY), anchors=["cereal"], size=2, n=2)

    added = [(ids - {"cereal"}).pop() for ids in sets_of(answer)]
    assert sum(item_id in sizes for item_id in added) == 1
    assert "cheese" in added
