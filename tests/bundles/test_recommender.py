import dataclasses

import pytest

from bundles.present.answers import GenerateAnswer
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest, ItemsRequest, RequestError, UnknownItemError
from etl.pseudonyms import PseudonymKey
from gnn.artifact.model import ArtifactError
from tests.artifact_factory import KEY, PlantedItem, PlantedShop, make_artifact
from tests.planted_shop import GROCERY


def generate(recommender: Recommender, **body: object) -> GenerateAnswer:
    return recommender.generate(GenerateRequest.model_validate(body))


def item_ids(answer: GenerateAnswer, place: int = 0) -> list[str]:
    return [item.item_id for item in answer.bundles[place].items]


def test_a_model_under_another_pseudonym_key_is_refused() -> None:
    other = PseudonymKey(b"another key, as long as it ought be")

    with pytest.raises(ArtifactError, match="another pseudonym key"):
        Recommender(make_artifact(GROCERY), other)


def test_items_always_bought_together_come_back_first(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["pasta"], size=2)

    assert item_ids(answer) == ["pasta", "sauce"]
    assert [item.role for item in answer.bundles[0].items] == ["anchor", "added"]
    assert answer.source == "gnn"


def test_a_request_with_nothing_in_it_gets_the_best_bundles_of_the_catalogue(grocery: Recommender) -> None:
    answer = generate(grocery, size=2, n=3, weights={"coherence": 1, "user_fit": 0, "breadth": 0})

    # Never apart in 30 of 200 baskets: a lift of 200 / 30, above the 200 / 40 of pasta and sauce.
    assert set(item_ids(answer)) == {"rolls", "soap/ü"}
    assert answer.bundles[0].objectives.coherence == pytest.approx((200 / 30) / (1 + 200 / 30), abs=1e-4)
    assert answer.warnings == []


def test_scores_fall_with_rank_and_bundles_differ(grocery: Recommender) -> None:
    answer = generate(grocery, n=6)

    scores = [bundle.score for bundle in answer.bundles]
    assert [bundle.rank for bundle in answer.bundles] == list(range(1, len(scores) + 1))
    assert scores == sorted(scores, reverse=True)
    assert len({frozenset(item_ids(answer, place)) for place in range(len(scores))}) == len(scores)


def test_a_cart_item_is_in_no_bundle_unless_it_is_an_anchor(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["bread"], cart=["bread", "milk"], n=10)

    assert answer.bundles
    for place in range(len(answer.bundles)):
        assert "bread" in item_ids(answer, place)
        assert "milk" not in item_ids(answer, place)


def test_an_unknown_user_is_a_new_visitor_and_a_warning(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["pasta"], user_id="nobody", size=2)

    assert answer.warnings[0] == "user_id: no history of this user, served as a new visitor"
    assert item_ids(answer) == ["pasta", "sauce"]


def test_what_a_user_buys_raises_the_fit_of_a_bundle(grocery: Recommender) -> None:
    known = generate(grocery, anchors=["butter"], user_id="718", size=2, n=20)

    fits = {
        item_ids(known, place)[1]: bundle.objectives.user_fit for place, bundle in enumerate(known.bundles)
    }
    assert fits["milk"] > fits["cheese"]


def test_a_cold_anchor_is_answered_by_what_stands_in_for_it(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["cold"], size=2)

    assert answer.source == "cold_start"
    assert item_ids(answer)[0] == "cold"
    assert item_ids(answer)[1] in {"sauce", "cheese"}


def test_an_anchor_of_which_nothing_is_known_falls_back_to_popularity(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["bare"], size=2)

    assert answer.source == "fallback"
    assert item_ids(answer)[0] == "bare"


def test_a_shop_that_never_sold_anything_still_answers(unsold: Recommender) -> None:
    answer = generate(unsold, size=2)

    assert answer.source == "fallback"
    assert answer.bundles


def test_a_closed_form_model_is_the_source_of_its_answers() -> None:
    artifact = make_artifact(dataclasses.replace(GROCERY, kind="closed_form", dim=0))

    answer = generate(Recommender(artifact, KEY), anchors=["pasta"], size=2)

    assert answer.source == "closed_form"


def test_validate_only_checks_and_composes_nothing(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["pasta"], cart=["x"], validate_only=True)

    assert answer.bundles == []
    assert answer.warnings == ["cart: left out, not in the catalogue: 'x'"]
    with pytest.raises(RequestError):
        generate(grocery, anchors=["nope"], validate_only=True)


def test_without_explain_there_are_no_reasons(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["pasta"], explain=False)

    assert all(bundle.reasons == [] for bundle in answer.bundles)


def test_fewer_bundles_than_requested_is_a_warning(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["pasta", "sauce"], size=2, n=5)

    assert len(answer.bundles) == 1
    assert answer.warnings == ["n: 1 bundle satisfies the request, 5 were requested"]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"anchors": ["pasta"], "constraints": {"price_max": 1.0}}, "constraints.price_max"),
        ({"constraints": {"price_min": 1000.0}}, "constraints.price_min"),
        ({"anchors": ["wine"]}, "constraints.in_stock_only"),
        ({"anchors": ["pasta"], "constraints": {"categories_include": ["Home"]}}, "categories_include"),
        ({"anchors": ["pasta"], "constraints": {"categories_exclude": ["Grocery"]}}, "categories_exclude"),
        ({"size": 6, "constraints": {"min_categories": 6}}, "constraints.min_categories"),
        (
            {"anchors": ["pasta"], "constraints": {"promotion_id": "coming", "items_exclude": ["milk"]}},
            "constraints.items_exclude",
        ),
        ({"anchors": ["pasta"], "size": 4, "constraints": {"promotion_id": "over"}}, "promotion_id"),
    ],
)
def test_an_empty_answer_names_the_constraint_that_emptied_it(
    grocery: Recommender, body: dict[str, object], name: str
) -> None:
    answer = generate(grocery, **body)

    assert answer.bundles == []
    assert any(name in warning for warning in answer.warnings)


def test_two_substitutes_make_no_bundle_and_a_warning_names_the_constraint() -> None:
    shop = PlantedShop(
        items=[PlantedItem("red", "Pens", 1.0), PlantedItem("blue", "Pens", 1.0)],
        baskets=[(["red", "blue"], 20)],
    )

    recommender = Recommender(make_artifact(shop), KEY)

    answer = generate(recommender, size=2)

    assert answer.bundles == []
    assert answer.warnings[0].startswith("constraints.substitutes: ")
    asked = generate(recommender, size=2, n=1, constraints={"substitutes": True})
    assert {item.item_id for item in asked.bundles[0].items} == {"red", "blue"}


def test_constraints_that_only_together_empty_the_answer_are_all_named(grocery: Recommender) -> None:
    constraints = {"price_max": 1.0, "categories_include": ["Home"]}

    answer = generate(grocery, anchors=["pasta"], constraints=constraints)

    assert answer.bundles == []
    assert "price_max, constraints.categories_include" in answer.warnings[0]


def test_a_promotion_limits_what_is_added_and_cuts_the_offer(grocery: Recommender) -> None:
    answer = generate(grocery, anchors=["pasta"], size=2, n=9, constraints={"promotion_id": "running"})

    assert {item_ids(answer, place)[1] for place in range(3)} == {"cheese", "milk", "rolls"}
    by_added = {item_ids(answer, place)[1]: bundle.price for place, bundle in enumerate(answer.bundles)}
    assert (by_added["cheese"].list, by_added["cheese"].offer) == (1.5 + 4.0, 1.5 + 4.0 * (1 - 0.25))
    # Half of 0.10 is 0.05.
    assert by_added["rolls"].offer == 1.55


@pytest.mark.parametrize(
    ("promotion_id", "warning"), [("over", "ended on 2017-07-14"), ("coming", "begins on 2106-02-07")]
)
def test_a_promotion_that_does_not_run_is_applied_with_a_warning(
    grocery: Recommender, promotion_id: str, warning: str
) -> None:
    answer = generate(grocery, anchors=["pasta"], constraints={"promotion_id": promotion_id})

    assert warning in answer.warnings[0]
    assert answer.bundles


def test_a_margin_is_known_where_all_costs_are(grocery: Recommender) -> None:
    known = generate(grocery, anchors=["pasta", "sauce"], size=2)
    unknown = generate(grocery, anchors=["pasta", "soap/ü"], size=2)

    assert known.bundles[0].objectives.margin == pytest.approx((4.0 - 2.0) / 4.0)
    assert unknown.bundles[0].objectives.margin is None


def test_items_complete_a_cart_and_hold_nothing_of_it(grocery: Recommender) -> None:
    answer = grocery.recommend_items(ItemsRequest(cart=("pasta",), recent=("milk",), n=100))

    ids = [item.item_id for item in answer.items]
    assert ids[0] == "sauce"
    assert "pasta" not in ids
    assert "milk" in ids
    assert "wine" not in ids, "out of stock"
    assert [item.rank for item in answer.items] == list(range(1, len(ids) + 1))


def test_purchased_items_can_be_excluded(grocery: Recommender) -> None:
    answer = grocery.recommend_items(ItemsRequest(user_id="718", exclude_purchased=True))

    assert not {"milk", "bread"} & {item.item_id for item in answer.items}


def test_a_visitor_of_whom_nothing_is_known_gets_the_popular_items(grocery: Recommender) -> None:
    answer = grocery.recommend_items(ItemsRequest(n=2))

    assert [(item.item_id, item.score) for item in answer.items] == [("bread", 60 + 50), ("milk", 60 + 30)]
    assert answer.source == "fallback"


def test_a_cold_cart_is_completed_by_links(grocery: Recommender) -> None:
    answer = grocery.recommend_items(ItemsRequest(cart=("cold",), n=2))

    assert answer.source == "cold_start"
    assert {item.item_id for item in answer.items} == {"sauce", "cheese"}


def test_a_cart_with_the_whole_catalogue_leaves_nothing_and_gives_a_warning(grocery: Recommender) -> None:
    answer = grocery.recommend_items(ItemsRequest(cart=tuple(item.item_id for item in GROCERY.items)))

    assert answer.items == []
    assert answer.warnings[0].startswith("no item is left")


def test_what_is_related_to_an_unknown_item_is_refused(grocery: Recommender) -> None:
    with pytest.raises(UnknownItemError, match="no item 'nope'"):
        grocery.related("nope")


def test_the_same_request_has_the_same_answer(grocery: Recommender) -> None:
    request = GenerateRequest.model_validate({"anchors": ["bread"], "user_id": "718", "n": 10})

    first, second = (grocery.generate(request, request_id="same") for _ in range(2))

    assert first == second


def test_an_item_without_price_joins_no_bundle_but_may_be_its_anchor(grocery: Recommender) -> None:
    joined = generate(grocery, anchors=["bread"], size=2, n=20, constraints={"in_stock_only": False})
    anchored = generate(grocery, anchors=["unpriced"], size=2, n=1, constraints={"in_stock_only": False})

    assert not {"unpriced", "bare"} & {
        item for place in range(len(joined.bundles)) for item in item_ids(joined, place)
    }
    assert item_ids(anchored)[0] == "unpriced"
    assert anchored.bundles[0].price.offer is None


def test_a_shop_without_prices_gets_bundles_without_prices() -> None:
    shop = PlantedShop(
        items=[PlantedItem("pen", "Desk > Pens"), PlantedItem("ink", "Desk > Ink")],
        baskets=[(["pen", "ink"], 20)],
    )

    answer = generate(Recommender(make_artifact(shop), KEY), anchors=["pen"], size=2)

    assert item_ids(answer) == ["pen", "ink"]
    assert answer.bundles[0].price.list is None


def test_reasons_say_what_the_shop_counted() -> None:
    views = dataclasses.replace(GROCERY, association_event="view")

    answer = generate(Recommender(make_artifact(views), KEY), anchors=["pasta"], size=2, n=1)

    assert answer.bundles[0].reasons[0].text.startswith("Viewed together in 40 baskets")
