from __future__ import annotations

import numpy as np
import pytest

from bundles.catalogue import ItemCatalogue
from bundles.request.schemas import RequestError
from bundles.rules.active import NO_ACTIVE_RULES, NO_BUNDLE_RULE, ActiveRules, BundleRule
from bundles.rules.decisions import DecisionRequest
from bundles.rules.resolve import ResolvedRules, resolve_rules
from bundles.rules.targets import DecisionTargets
from tests.merchant import merchandising_rules, request
from tests.planted_bundles import grocery_with_bundles

ARTIFACT = grocery_with_bundles()
CATALOGUE = ItemCatalogue(ARTIFACT)
TARGETS = DecisionTargets(ARTIFACT, catalogue=CATALOGUE)


def resolved(*requests: DecisionRequest) -> ResolvedRules:
    return resolve_rules(merchandising_rules(*requests), targets=TARGETS)


def indices(*item_ids: str) -> frozenset[int]:
    found = [CATALOGUE.index_of(item_id) for item_id in item_ids]
    assert None not in found
    return frozenset(item for item in found if item is not None)


def is_excluded(found: ActiveRules, items: frozenset[int]) -> bool:
    """Whether a bundle is in no answer."""
    is_rejected = found.bundles.get(items, NO_BUNDLE_RULE).verdict == "rejected"
    return is_rejected or bool(items & found.banned) or found.holds_banned_pair(items)


def test_without_decisions_nothing_is_excluded() -> None:
    assert resolved() == ResolvedRules(NO_ACTIVE_RULES, {}, {})
    assert not is_excluded(NO_ACTIVE_RULES, indices("pasta", "sauce"))
    assert NO_ACTIVE_RULES.excluded_beside(indices("pasta")) == set()


def test_a_banned_item_bars_every_bundle_that_holds_it() -> None:
    found = resolved(request("ban", "milk")).active

    assert found.banned == indices("milk")
    assert is_excluded(found, indices("milk", "bread"))
    assert not is_excluded(found, indices("bread", "butter"))
    assert found.excluded_beside([]) == indices("milk")


def test_a_banned_pair_bars_the_two_together_and_neither_alone() -> None:
    found = resolved(request("ban", "milk", "bread"), request("ban", "milk", "wine")).active

    assert is_excluded(found, indices("milk", "bread", "butter"))
    assert not is_excluded(found, indices("milk", "butter"))
    assert found.excluded_beside(indices("bread")) == indices("milk")
    assert found.excluded_beside(indices("milk")) == indices("bread", "wine")
    items = np.array(sorted(indices("milk", "bread", "butter")))
    apart = {frozenset(items[pair].tolist()) for pair in np.argwhere(found.banned_pairs(items))}
    assert apart == {indices("milk", "bread")}


def test_a_rejected_bundle_is_excluded_but_no_larger_one() -> None:
    found = resolved(request("reject", "sauce", "pasta")).active

    assert is_excluded(found, indices("pasta", "sauce"))
    assert not is_excluded(found, indices("pasta", "sauce", "bread"))


def test_what_was_said_of_one_bundle_is_gathered() -> None:
    found = resolved(
        request("rename", "pasta", "sauce", title="Dinner for two"),
        request("price", "sauce", "pasta", price=3.99),
        request("pin", "pasta", "sauce"),
    ).active

    assert found.bundles == {indices("pasta", "sauce"): BundleRule("pinned", "Dinner for two", 399)}


def test_a_decision_about_a_bundle_of_the_shop_is_not_about_the_composed_one() -> None:
    found = resolved(
        request("price", bundle_id="dinner", price=6.5), request("approve", bundle_id="dinner")
    ).active

    assert found.shop_bundles == {0: BundleRule("approved", "", 650)}
    assert found.bundles == {}


def test_rejecting_a_bundle_of_the_shop_rejects_the_composed_one_too_unless_that_has_its_own_verdict() -> (
    None
):
    rejected = request("reject", bundle_id="dinner")

    assert is_excluded(resolved(rejected).active, indices("pasta", "sauce"))
    approved = resolved(rejected, request("approve", "pasta", "sauce")).active
    assert not is_excluded(approved, indices("pasta", "sauce"))


def test_the_discount_policy_is_the_last_one() -> None:
    found = resolved(request("discount", share=0.1), request("discount", share=0.2, margin_floor=0.3))

    assert found.active.discount is not None
    assert (found.active.discount.share, found.active.discount.margin_floor) == (0.2, 0.3)


def test_a_pin_of_a_bundle_with_a_banned_item_has_no_effect_with_a_remark() -> None:
    found = resolved(
        request("pin", "pasta", "sauce"), request("ban", "sauce"), request("approve", bundle_id="dinner")
    )

    assert found.without_effect == {
        1: "it holds what decision 2 bans",
        3: "it holds what decision 2 bans",
    }
    assert is_excluded(found.active, indices("pasta", "sauce"))


def test_without_what_bars_the_rest_stands() -> None:
    found = resolved(
        request("ban", "milk"),
        request("ban", "bread", "butter"),
        request("reject", "pasta", "sauce"),
        request("approve", "penne", "sauce"),
    ).active.without_exclusions()

    assert not any(
        is_excluded(found, indices(*items)) for items in (("milk", "bread", "butter"), ("pasta", "sauce"))
    )
    assert found.bundles[indices("penne", "sauce")].verdict == "approved"


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        (request("ban", "nothing"), "items", "no item 'nothing' in the catalogue"),
        (request("pin", "pasta", "x" * 500), "items", f"no item '{'x' * 64}' in the catalogue"),
        (request("pin", bundle_id="b-0123"), "bundle_id", "no bundle 'b-0123' of its own: name a composed"),
        (request("price", "pasta", "sauce", price=4.01), "price", "at most the list price, 4.00, found 4.01"),
        (request("price", "pasta", "sauce", price=3.999), "price", "at most 2 decimals"),
        (request("price", "pasta", "unpriced", price=1.0), "price", "'unpriced' has no price"),
        (request("price", bundle_id="dinner", price=6.51), "price", "at most the list price, 6.50"),
    ],
)
def test_a_decision_that_cannot_take_effect_is_refused_and_kept_without_effect(
    wrong: DecisionRequest, field: str, message: str
) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        TARGETS.check(wrong)

    assert caught.value.field == field
    found = resolved(wrong)
    assert found.active == NO_ACTIVE_RULES
    assert found.without_effect[1].startswith(f"{field}: ")


def test_a_price_may_be_the_list_price_and_is_exact() -> None:
    assert TARGETS.fault_of(request("price", "pasta", "sauce", price=4.0)) is None
    # 100 * 2.51 is 250.99999999999997 as floats have it.
    rules = resolved(request("price", "pasta", "sauce", price=2.51)).active
    assert rules.bundles[indices("pasta", "sauce")].offer == 251


@pytest.mark.parametrize(
    ("shown", "hint"),
    [
        (request("pin", "wine", "cheese"), "'wine' is out of stock"),
        (
            request("pin", "bread", "unpriced"),
            "'unpriced' has no price: the bundle is shown only with it as an anchor",
        ),
        (request("approve", "penne", "pasta"), "'penne' and 'pasta' are substitutes"),
        (request("approve", "pasta", "sauce"), ""),
        (request("pin", bundle_id="dinner"), ""),
        (request("rename", "wine", "cheese", title="Evening"), ""),
    ],
)
def test_what_keeps_an_approved_or_pinned_bundle_from_being_shown_is_a_hint(
    shown: DecisionRequest, hint: str
) -> None:
    found = resolved(shown)

    assert found.without_effect == {}
    assert found.hints.get(1, "").startswith(hint) if hint else found.hints == {}
