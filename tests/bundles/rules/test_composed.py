"""Merchandising rules in composed bundles."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bundles.compose.pareto.schemas import ParetoRequest
from bundles.present.answer_builder import bundle_id_of
from bundles.present.answers import GenerateAnswer
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest, ItemsRequest, RequestError
from bundles.rules.decisions import DecisionRequest
from tests.artifact_factory import KEY, PlantedItem, make_artifact
from tests.merchant import merchandising_rules, request
from tests.planted_shop import GROCERY

ARTIFACT = make_artifact(GROCERY)


def shop_of(*decisions: DecisionRequest) -> Recommender:
    """The planted shop after `decisions`."""
    rules = merchandising_rules(*decisions)
    return Recommender(ARTIFACT, KEY, rules=lambda: rules)


def generate(recommender: Recommender, **body: Any) -> GenerateAnswer:
    return recommender.generate(GenerateRequest.model_validate(body))


def sets_of(answer: GenerateAnswer) -> list[frozenset[str]]:
    return [frozenset(item.item_id for item in bundle.items) for bundle in answer.bundles]


def test_composed_bundles_have_an_id_by_their_items_in_any_order() -> None:
    found = {
        bundle.bundle_id
        for anchor in ("pasta", "sauce")
        for bundle in generate(shop_of(), anchors=[anchor], size=2).bundles
        if {item.item_id for item in bundle.items} == {"pasta", "sauce"}
    }

    # printf 'pasta\nsauce' | sha256sum
    assert found == {bundle_id_of(["sauce", "pasta"])} == {"b-42b18597be5aa578"}


def test_bundles_without_rules_have_no_title_and_no_decision() -> None:
    bundles = generate(shop_of(), anchors=["pasta"], size=2).bundles

    assert {(bundle.title, bundle.decision) for bundle in bundles} == {("", None)}


def test_a_banned_item_is_in_no_bundle() -> None:
    assert any("milk" in items for items in sets_of(generate(shop_of(), n=20)))
    assert not any("milk" in items for items in sets_of(generate(shop_of(request("ban", "milk")), n=20)))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"anchors": ["milk"]}, "anchors"),
        ({"anchors": ["pasta"], "constraints": {"items_require": ["milk"]}}, "constraints.items_require"),
        ({"anchors": ["bread", "butter"]}, "anchors"),
        ({"anchors": ["bread"], "constraints": {"items_require": ["butter"]}}, "constraints.items_require"),
    ],
)
def test_a_banned_item_in_a_request_is_refused(body: dict[str, Any], field: str) -> None:
    recommender = shop_of(request("ban", "milk"), request("ban", "butter", "bread"))

    with pytest.raises(RequestError, match="banned") as caught:
        generate(recommender, **body)

    assert caught.value.field == field


def test_a_banned_item_in_the_cart_is_allowed_and_still_counts() -> None:
    recommender = shop_of(request("ban", "milk"))

    answer = generate(recommender, cart=["milk"], size=2)

    assert answer.warnings == []
    assert answer.source == "gnn"
    assert {"bread", "butter"} in sets_of(answer)


def test_a_banned_pair_is_in_no_bundle_and_each_of_it_is() -> None:
    found = sets_of(generate(shop_of(request("ban", "bread", "butter")), size={"min": 2, "max": 3}, n=50))

    assert not any({"bread", "butter"} <= items for items in found)
    assert any("bread" in items for items in found)
    assert any("butter" in items for items in found)


def test_a_rejected_bundle_does_not_come_and_a_larger_one_does() -> None:
    found = sets_of(
        generate(
            shop_of(request("reject", "sauce", "pasta")), anchors=["pasta"], size={"min": 2, "max": 3}, n=50
        )
    )

    assert {"pasta", "sauce"} not in found
    assert any({"pasta", "sauce"} < items for items in found)


def test_a_pinned_bundle_stands_first_whatever_its_score() -> None:
    plain = generate(shop_of(), anchors=["pasta"], size=2)
    assert sets_of(plain)[0] == {"pasta", "sauce"}

    pinned = generate(shop_of(request("pin", "cheese", "pasta")), anchors=["pasta"], size=2)

    assert sets_of(pinned)[:2] == [{"pasta", "cheese"}, {"pasta", "sauce"}]
    assert [bundle.decision for bundle in pinned.bundles[:2]] == ["pinned", None]
    assert [bundle.rank for bundle in pinned.bundles] == list(range(1, len(pinned.bundles) + 1))
    assert pinned.bundles[0].score < pinned.bundles[1].score


def test_an_approved_bundle_is_considered_though_no_search_would_find_it() -> None:
    unsold = [PlantedItem(f"unsold {number:03}", f"Toys > {number}", 1.0) for number in range(200)]
    artifact = make_artifact(dataclasses.replace(GROCERY, items=[*GROCERY.items, *unsold]))
    both = frozenset({"unsold 150", "unsold 180"})
    rules = merchandising_rules(request("approve", *both))
    body = {"n": 100, "size": 2, "diversity": 0}

    plain = generate(Recommender(artifact, KEY), **body)
    answer = generate(Recommender(artifact, KEY, rules=lambda: rules), **body)

    assert not any(items & both for items in sets_of(plain))
    assert both in sets_of(answer)
    assert answer.bundles[sets_of(answer).index(both)].decision == "approved"


@pytest.mark.parametrize(
    "body",
    [
        {"size": 3},
        {"anchors": ["milk"], "size": 2},
        {"size": 2, "cart": ["cheese"]},
        {"size": 2, "constraints": {"items_exclude": ["cheese"]}},
        {"size": 2, "constraints": {"price_max": 5.49}},
        {"size": 2, "constraints": {"price_min": 5.51}},
        {"size": 2, "constraints": {"categories_exclude": ["Dairy"]}},
        {"size": 2, "constraints": {"items_from": ["pasta", "milk", "bread"]}},
        {"size": 2, "constraints": {"promotion_id": "running"}},
    ],
)
def test_a_pinned_bundle_comes_only_where_it_satisfies_the_request(body: dict[str, Any]) -> None:
    recommender = shop_of(request("pin", "cheese", "pasta"))
    assert {"cheese", "pasta"} in sets_of(generate(recommender, size=2))

    assert {"cheese", "pasta"} not in sets_of(generate(recommender, n=100, **body))


def test_a_pinned_bundle_that_is_out_of_stock_comes_where_stock_does_not_matter() -> None:
    recommender = shop_of(request("pin", "wine", "cheese"))

    assert {"wine", "cheese"} not in sets_of(generate(recommender, size=2, n=100))
    found = generate(recommender, size=2, constraints={"in_stock_only": False})
    assert sets_of(found)[0] == {"wine", "cheese"}


def test_pinned_bundles_can_fill_the_whole_answer() -> None:
    recommender = shop_of(*(request("pin", "pasta", other) for other in ("cheese", "milk", "bread")))

    answer = generate(recommender, anchors=["pasta"], size=2, n=2)

    assert [bundle.decision for bundle in answer.bundles] == ["pinned", "pinned"]
    scores = [bundle.score for bundle in answer.bundles]
    assert scores == sorted(scores, reverse=True)


def test_a_renamed_bundle_has_its_title() -> None:
    answer = generate(shop_of(request("rename", "sauce", "pasta", title="Dinner")), anchors=["pasta"], size=2)

    titles = {frozenset(item.item_id for item in each.items): each.title for each in answer.bundles}
    assert titles.pop(frozenset({"pasta", "sauce"})) == "Dinner"
    assert set(titles.values()) == {""}


def test_a_fixed_price_is_the_offer_and_price_limits_hold_for_it() -> None:
    recommender = shop_of(request("price", "pasta", "sauce", price=3.0))
    body = {"anchors": ["pasta"], "size": 2, "n": 50}

    bundle = generate(recommender, **body).bundles[0]
    assert (bundle.price.list, bundle.price.offer, bundle.price.discount) == (4.0, 3.0, 0.25)
    assert bundle.objectives.discount == 0.25
    # (3 - 1 - 1) / 3
    assert bundle.objectives.margin == pytest.approx(1 / 3, abs=1e-6)

    within = generate(recommender, **body, constraints={"price_max": 3.0})
    above = generate(recommender, **body, constraints={"price_min": 3.01})
    assert {"pasta", "sauce"} in sets_of(within)
    assert {"pasta", "sauce"} not in sets_of(above)


def test_a_fixed_price_comes_instead_of_every_discount() -> None:
    recommender = shop_of(request("price", "milk", "cheese", price=4.5), request("discount", share=0.5))

    answer = generate(recommender, anchors=["milk"], size=2, constraints={"promotion_id": "running"})

    offers = {frozenset(item.item_id for item in each.items): each.price.offer for each in answer.bundles}
    assert offers[frozenset({"milk", "cheese"})] == 4.5


def test_the_shops_discount_holds_where_the_request_gives_none() -> None:
    recommender = shop_of(request("discount", share=0.1))

    of_shop = generate(recommender, anchors=["pasta"], size=2)
    of_request = generate(recommender, anchors=["pasta"], size=2, discount={"share": 0.5})

    # 4.00 less a tenth, and less a half.
    assert (of_shop.bundles[0].price.offer, of_request.bundles[0].price.offer) == (3.6, 2.0)


def test_bans_that_leave_nothing_are_named() -> None:
    recommender = shop_of(request("reject", "pasta", "sauce"))

    answer = generate(recommender, anchors=["pasta"], size=2, constraints={"items_from": ["sauce"]})

    assert answer.bundles == []
    assert "the merchandiser's bans and rejections" in answer.warnings[0]


def test_a_cart_that_holds_one_of_a_banned_pair_gets_no_item_and_no_bundle_with_the_other() -> None:
    recommender = shop_of(request("ban", "milk", "bread"))

    items = recommender.recommend_items(ItemsRequest(cart=("milk",), n=100)).items
    bundles = sets_of(generate(recommender, cart=["milk"], n=50))

    assert "butter" in {item.item_id for item in items}
    assert "bread" not in {item.item_id for item in items}
    assert not any("bread" in held for held in bundles)


def test_related_items_leave_out_what_is_banned_and_what_must_not_meet() -> None:
    recommender = shop_of(request("ban", "milk"), request("ban", "bread", "butter"))

    assert not {item.item_id for item in recommender.related("bread", n=50).items} & {"milk", "butter"}
    # A page of a banned item may still show what goes with it.
    assert "cheese" in {item.item_id for item in recommender.related("milk", n=50).items}


def test_the_front_applies_the_rules() -> None:
    recommender = shop_of(
        request("ban", "milk"),
        request("ban", "bread", "butter"),
        request("reject", "pasta", "sauce"),
        request("rename", "sauce", "penne", title="Rare"),
        request("price", "sauce", "penne", price=0.5),
        request("approve", "sauce", "penne"),
    )

    front = recommender.pareto(
        ParetoRequest.model_validate({"size": 2, "n": 100, "objectives": ["discount", "coherence"]})
    )

    found = {frozenset(item.item_id for item in bundle.items): bundle for bundle in front.bundles}
    assert not any(
        banned <= items for items in found for banned in ({"milk"}, {"bread", "butter"}, {"pasta", "sauce"})
    )
    # Nothing else has a discount: 1 - .50 / 4.10.
    rare = found[frozenset({"sauce", "penne"})]
    assert (rare.title, rare.decision, rare.price.offer) == ("Rare", "approved", 0.5)
    assert rare.objectives.discount == pytest.approx(1 - 0.5 / 4.1, abs=1e-6)


def test_the_rules_are_read_at_every_request() -> None:
    rule_sets = iter([merchandising_rules(), merchandising_rules(request("ban", "milk"))])
    recommender = Recommender(ARTIFACT, KEY, rules=lambda: next(rule_sets))

    before, after = (recommender.recommend_items(ItemsRequest(n=100)).items for _ in range(2))

    assert {item.item_id for item in before} - {item.item_id for item in after} == {"milk"}
