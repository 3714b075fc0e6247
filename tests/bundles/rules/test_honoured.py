"""No answer breaks a merchandising rule, for any rules and requests."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bundles.catalogue import ItemCatalogue
from bundles.present.answer_builder import bundle_id_of
from bundles.present.answers import GeneratedBundle
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest, ItemsRequest, RequestError
from bundles.rules.active import NO_BUNDLE_RULE, BundleRule
from bundles.rules.decisions import NO_RULES, DecisionRequest, MerchandisingRules
from bundles.rules.resolve import resolve_rules
from bundles.rules.targets import DecisionTargets
from tests.artifact_factory import KEY, make_artifact
from tests.bundles.test_properties import IDS, SHOP, requests
from tests.merchant import merchandising_rules

ARTIFACT = make_artifact(SHOP)
CATALOGUE = ItemCatalogue(ARTIFACT)
TARGETS = DecisionTargets(ARTIFACT, catalogue=CATALOGUE)
#: The active rules of the one recommender.
ACTIVE = [NO_RULES]
RECOMMENDER = Recommender(ARTIFACT, KEY, rules=lambda: ACTIVE[0])
#: Few items, so that rules often concern the answers.
OFTEN = IDS[:24]

sets = st.lists(st.sampled_from(OFTEN), min_size=2, max_size=3, unique=True)
bodies = st.one_of(
    st.fixed_dictionaries({"kind": st.sampled_from(["approve", "reject", "pin"]), "items": sets}),
    st.fixed_dictionaries(
        {
            "kind": st.just("ban"),
            "items": st.lists(st.sampled_from(OFTEN), min_size=1, max_size=2, unique=True),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("rename"), "items": sets, "title": st.just("Named")}),
    st.fixed_dictionaries(
        {"kind": st.just("price"), "items": sets, "price": st.sampled_from([0.5, 1.0, 3.0, 8.0])}
    ),
    st.fixed_dictionaries({"kind": st.just("discount"), "share": st.sampled_from([0.0, 0.1, 0.5])}),
)
rule_sets = st.lists(
    bodies.map(lambda body: DecisionRequest.model_validate({**body, "made_by": "Ann"})), max_size=12
).map(lambda made: merchandising_rules(*made))


def after(rules: MerchandisingRules) -> Recommender:
    """The recommender under `rules`."""
    ACTIVE[0] = rules
    return RECOMMENDER


def active(rules: MerchandisingRules, kind: str) -> list[frozenset[str]]:
    """The items of the active decisions of a kind."""
    return [frozenset(decision.items) for decision in rules.decisions if decision.kind == kind]


def rule_for(rules: MerchandisingRules, item_ids: frozenset[str]) -> BundleRule:
    """The rule of a bundle by `resolve_rules`, which has its own tests."""
    found = resolve_rules(rules, targets=TARGETS).active.bundles
    return found.get(frozenset(CATALOGUE.index_of(item_id) or 0 for item_id in item_ids), NO_BUNDLE_RULE)


@given(rules=rule_sets, body=requests)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_composed_bundle_breaks_a_merchandising_rule(
    rules: MerchandisingRules, body: dict[str, Any]
) -> None:
    try:
        request = GenerateRequest.model_validate(body)
        answer = after(rules).generate(request)
    except (ValidationError, RequestError):
        return

    assert answer.bundles or answer.warnings
    pinned = [bundle.decision == "pinned" for bundle in answer.bundles]
    assert pinned == sorted(pinned, reverse=True)
    found = [frozenset(item.item_id for item in bundle.items) for bundle in answer.bundles]
    assert len(set(found)) == len(found)
    for bundle, items in zip(answer.bundles, found, strict=True):
        check_bundle(bundle, items, rules, frozenset(request.cart) - items)


def check_bundle(
    bundle: GeneratedBundle, items: frozenset[str], rules: MerchandisingRules, cart: frozenset[str]
) -> None:
    assert not any(banned <= items for banned in active(rules, "ban"))
    assert items not in active(rules, "reject")
    expected = {"approve": "approved", "pin": "pinned"}
    verdict = next((expected[kind] for kind in expected if items in active(rules, kind)), None)
    assert bundle.decision == verdict
    assert bundle.title == ("Named" if items in active(rules, "rename") else "")
    assert bundle.bundle_id == bundle_id_of(items)
    fixed = rule_for(rules, items).offer
    if fixed is not None:
        assert bundle.price.offer == pytest.approx(fixed / 100)


@given(rules=rule_sets)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_allowed_pinned_bundle_is_shown(rules: MerchandisingRules) -> None:
    plain = {"size": {"min": 2, "max": 3}, "n": 100, "constraints": {"in_stock_only": False}}
    try:
        answer = after(rules).generate(GenerateRequest.model_validate(plain))
    except RequestError:
        return

    found = {
        frozenset(item.item_id for item in bundle.items)
        for bundle in answer.bundles
        if bundle.decision == "pinned"
    }
    for items in active(rules, "pin"):
        places = [CATALOGUE.index_of(item_id) or 0 for item_id in items]
        is_priced = all(CATALOGUE.price[place] >= 0 for place in places)
        is_banned = any(banned <= items for banned in active(rules, "ban"))
        leaves = [int(CATALOGUE.leaf[place]) for place in places]
        are_substitutes = len(set(leaves)) < len(leaves)
        assert items in found or not is_priced or is_banned or are_substitutes


@given(rules=rule_sets, cart=st.lists(st.sampled_from(OFTEN), max_size=4), item_id=st.sampled_from(OFTEN))
@settings(max_examples=100, deadline=None)
def test_no_recommended_or_related_item_breaks_a_merchandising_rule(
    rules: MerchandisingRules, cart: list[str], item_id: str
) -> None:
    recommender = after(rules)

    recommended = recommender.recommend_items(ItemsRequest(cart=tuple(cart), n=100)).items
    related = recommender.related(item_id, n=100).items
    substitutes = recommender.related(item_id, n=100, kind="substitute").items

    for found, beside in ((recommended, set(cart)), (related, {item_id}), (substitutes, {item_id})):
        for item in found:
            assert not any(
                item.item_id in banned and banned <= beside | {item.item_id}
                for banned in active(rules, "ban")
            )
