"""Merchandising rules in the shop's own bundles."""

from __future__ import annotations

from bundles.present.answers import ShopBundle
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest, ShopBundlesRequest
from bundles.rules.decisions import DecisionRequest
from tests.artifact_factory import KEY
from tests.merchant import merchandising_rules, request
from tests.planted_bundles import grocery_with_bundles

ARTIFACT = grocery_with_bundles()


def after(*decisions: DecisionRequest) -> Recommender:
    rules = merchandising_rules(*decisions)
    return Recommender(ARTIFACT, KEY, rules=lambda: rules)


def ask(*decisions: DecisionRequest, cart: tuple[str, ...] = ()) -> dict[str, ShopBundle]:
    """The shop's bundles after `decisions`, in the order of the answer."""
    answer = after(*decisions).recommend_bundles(ShopBundlesRequest(cart=cart))
    return {bundle.bundle_id: bundle for bundle in answer.bundles}


def composes_dinner(*decisions: DecisionRequest) -> bool:
    answer = after(*decisions).generate(GenerateRequest.model_validate({"anchors": ["pasta"], "size": 2}))
    return any({item.item_id for item in bundle.items} == {"pasta", "sauce"} for bundle in answer.bundles)


def test_a_rejected_bundle_is_left_out_and_not_composed_either() -> None:
    assert composes_dinner()

    for rejected in (request("reject", bundle_id="dinner"), request("reject", "sauce", "pasta")):
        assert list(ask(rejected)) == ["toast"]
        assert not composes_dinner(rejected)


def test_a_verdict_on_the_composed_bundle_is_its_own() -> None:
    decisions = request("reject", bundle_id="dinner"), request("approve", "pasta", "sauce")

    assert list(ask(*decisions)) == ["toast"]
    assert composes_dinner(*decisions)


def test_renaming_a_rejected_bundle_does_not_bring_it_back() -> None:
    assert list(
        ask(request("reject", "sauce", "pasta"), request("rename", bundle_id="dinner", title="Yes"))
    ) == ["toast"]


def test_what_is_banned_takes_the_bundles_that_hold_it_along() -> None:
    assert list(ask(request("ban", "sauce"))) == ["toast"]
    assert list(ask(request("ban", "bread", "butter"))) == ["dinner"]
    assert list(ask(request("ban", "bread", "sauce"))) == list(ask())


def test_a_cart_that_holds_one_of_a_banned_pair_gets_no_bundle_with_the_other() -> None:
    assert list(ask(request("ban", "bread", "sauce"), cart=("bread",))) == ["toast"]


def test_a_pinned_bundle_stands_first_and_an_approved_one_is_marked() -> None:
    *_, last = ask()

    found = ask(request("pin", bundle_id=last))
    marked = ask(request("approve", "butter", "bread"))

    assert next(iter(found)) == last
    assert found[last].decision == "pinned"
    assert {name: bundle.decision for name, bundle in marked.items()} == {"toast": "approved", "dinner": None}


def test_a_title_is_the_merchandisers_else_the_shops() -> None:
    found = ask(request("rename", "bread", "butter", title="Good morning"))

    assert {name: bundle.title for name, bundle in found.items()} == {
        "dinner": "Dinner",
        "toast": "Good morning",
    }


def test_a_price_is_fixed_for_the_bundle_as_the_shop_fills_it_and_not_for_the_composed_one() -> None:
    by_items = ask(request("price", "pasta", "sauce", price=3.0))["dinner"].price
    by_id = ask(request("price", bundle_id="dinner", price=6.0))["dinner"].price

    # 1.50 and twice 2.50
    assert (by_items.list, by_items.offer) == (6.5, 6.5)
    assert (by_id.list, by_id.offer) == (6.5, 6.0)
