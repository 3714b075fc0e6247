"""The shop's own bundles, ranked, priced and described."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bundles.present.answers import ShopBundlesAnswer
from bundles.recommender import Recommender
from bundles.request.schemas import RequestError, ShopBundlesRequest
from gnn.artifact.model import ModelArtifact
from gnn.scoring.bundle_ranking import BundleRanking
from gnn.scoring.catalogue import ShopBundles
from gnn.scoring.containers import Csr, TextColumn
from tests.artifact_factory import KEY, make_artifact
from tests.merchant import merchandising_rules, request
from tests.planted_shop import GROCERY

#: What is in each bundle, how often, and its discount. Wine is out of stock, water has no price.
BUNDLES: dict[str, tuple[dict[str, float], float]] = {
    "breakfast": ({"milk": 2, "bread": 1}, 0.1),
    "dinner": ({"pasta": 1, "sauce": 1}, 0.0),
    "party": ({"wine": 1, "cheese": 1}, 0.5),
    "picnic": ({"bread": 1, "unpriced": 1}, 0.0),
}


@pytest.fixture(scope="module")
def artifact() -> ModelArtifact:
    made = make_artifact(GROCERY)
    ids = list(made.catalogue.item_ids)
    contents = [content for content, _ in BUNDLES.values()]
    ends = np.cumsum([0, *map(len, contents)])
    bundles = ShopBundles(
        bundle_ids=TextColumn.of(list(BUNDLES)),
        titles=TextColumn.of([name.title() for name in BUNDLES]),
        discount=np.array([discount for _, discount in BUNDLES.values()]),
        quantity=Csr(
            ends.astype(np.int64),
            np.array([ids.index(name) for content in contents for name in content], dtype=np.int32),
            np.array([count for content in contents for count in content.values()], dtype=np.float64),
        ),
    )
    # User 9 chose the picnic before, and breakfast is next on the list; user 718 chose nothing.
    users = list(made.histories.user_ids)
    known = users.index(KEY.pseudonym("9"))
    model = BundleRanking(
        lists=Csr.from_entries(
            np.array([known, known]), np.array([3, 0]), np.array([2.0, 1.0]), num_rows=len(users)
        ),
        popularity=np.array([1, 5, 9, 3], dtype=np.float32),
        visitor_weights=np.array([0.0, 1.0, 0.1], dtype=np.float32),
    )
    return replace(made, bundles=bundles, bundle_ranking=model)


def ask(artifact: ModelArtifact, **fields: object) -> ShopBundlesAnswer:
    return Recommender(artifact, KEY).recommend_bundles(ShopBundlesRequest.model_validate(fields))


def names(answer: ShopBundlesAnswer) -> list[str]:
    return [bundle.bundle_id for bundle in answer.bundles]


def test_who_chose_before_gets_the_list_that_was_learned(artifact: ModelArtifact) -> None:
    answer = ask(artifact, user_id="9")

    assert answer.source == "gnn"
    assert names(answer)[:2] == ["picnic", "breakfast"]
    assert [bundle.rank for bundle in answer.bundles] == [1, 2, 3]


def test_a_cart_asks_for_the_bundle_that_it_is_part_of(artifact: ModelArtifact) -> None:
    answer = ask(artifact, cart=["milk"], n=1)

    assert answer.source == "cold_start"
    assert names(answer) == ["breakfast"]


def test_a_visitor_of_whom_nothing_is_known_gets_what_others_chose(artifact: ModelArtifact) -> None:
    answer = ask(artifact)

    assert answer.source == "fallback"
    assert names(answer) == ["dinner", "picnic", "breakfast"]


def test_a_bundle_with_an_item_out_of_stock_is_left_out(artifact: ModelArtifact) -> None:
    assert "party" not in names(ask(artifact, cart=["cheese"]))


def test_a_bundle_costs_its_items_by_quantity_less_its_discount(artifact: ModelArtifact) -> None:
    prices = {bundle.bundle_id: bundle.price for bundle in ask(artifact).bundles}

    assert prices["breakfast"].list == 2 * 1.0 + 2.0
    assert prices["breakfast"].offer == 3.6
    assert prices["breakfast"].discount == 0.1
    assert prices["dinner"].offer == prices["dinner"].list == 1.5 + 2.5
    assert prices["picnic"].list is None


def test_a_shop_without_bundles_gets_a_warning_with_the_alternative() -> None:
    answer = ask(make_artifact(GROCERY), cart=["milk"])

    assert answer.bundles == []
    assert "bundles/generate" in answer.warnings[-1]


@pytest.mark.parametrize(
    ("constraints", "left"),
    [
        ({"price_max": 3.6}, ["breakfast"]),
        ({"price_max": 3.59}, []),
        ({"price_min": 3.7}, ["dinner"]),
        ({"categories_include": ["Grocery"]}, ["dinner"]),
        ({"categories_exclude": ["Bakery"]}, ["dinner"]),
        ({"items_require": ["bread"]}, ["picnic", "breakfast"]),
        ({"items_exclude": ["bread"]}, ["dinner"]),
        ({"items_from": ["pasta", "sauce", "milk"]}, ["dinner"]),
        ({"min_categories": 2}, ["picnic", "breakfast"]),
        ({"min_link": 0.6}, ["dinner", "picnic"]),
        ({"in_stock_only": False, "items_require": ["wine"]}, ["party"]),
        ({"promotion_id": "over"}, []),
    ],
)
def test_constraints_hold_as_for_composed_bundles(
    artifact: ModelArtifact, constraints: dict[str, object], left: list[str]
) -> None:
    answer = ask(artifact, constraints=constraints, n=None)

    assert names(answer) == left
    if not left:
        assert next(iter(constraints)) in answer.warnings[-1]


def test_a_bundle_is_measured_and_has_its_reasons(artifact: ModelArtifact) -> None:
    (dinner,) = ask(artifact, constraints={"items_require": ["pasta"]}).bundles

    assert dinner.weakest_link > 0.5
    # Costs of 1.00 + 1.00 at 4.00
    assert dinner.objectives.margin == 0.5
    assert [reason.kind for reason in dinner.reasons] == ["co_purchase"]
    assert ask(artifact, explain=False).bundles[0].reasons == []


def test_a_quantity_counts_in_the_margin(artifact: ModelArtifact) -> None:
    (breakfast,) = ask(artifact, constraints={"items_require": ["milk"]}).bundles

    # Two of milk at a cost of .50 and a loaf of 1.00 for 3.60
    assert breakfast.objectives.margin == pytest.approx((3.6 - 2.0) / 3.6, abs=1e-6)
    assert breakfast.objectives.discount == pytest.approx(0.1)


def test_reasons_are_in_the_requested_language(artifact: ModelArtifact) -> None:
    body = ShopBundlesRequest.model_validate({"constraints": {"items_require": ["pasta"]}})

    (dinner,) = Recommender(artifact, KEY).recommend_bundles(body, language="zh").bundles

    assert dinner.reasons[0].text.startswith("在 40 个购物篮")


def test_a_request_may_be_checked_without_an_answer(artifact: ModelArtifact) -> None:
    answer = ask(artifact, cart=["milk", "no such item"], validate_only=True)

    assert answer.bundles == []
    assert answer.warnings == ["cart: left out, not in the catalogue: 'no such item'"]


def test_an_unknown_required_item_is_refused_by_name(artifact: ModelArtifact) -> None:
    with pytest.raises(RequestError, match=r"constraints\.items_require"):
        ask(artifact, constraints={"items_require": ["no such item"]})


def test_the_merchandisers_word_holds_for_the_shops_own_bundles(artifact: ModelArtifact) -> None:
    rules = merchandising_rules(
        request("pin", bundle_id="breakfast"),
        request("rename", bundle_id="breakfast", title="Good Morning"),
        request("price", bundle_id="breakfast", price=3.0),
        request("reject", "sauce", "pasta"),
    )

    answer = Recommender(artifact, KEY, rules=lambda: rules).recommend_bundles(ShopBundlesRequest())

    assert names(answer) == ["breakfast", "picnic"]
    first = answer.bundles[0]
    assert (first.title, first.decision, first.price.offer) == ("Good Morning", "pinned", 3.0)


def test_a_banned_item_takes_its_bundles_out(artifact: ModelArtifact) -> None:
    rules = merchandising_rules(request("ban", "bread"))

    answer = Recommender(artifact, KEY, rules=lambda: rules).recommend_bundles(ShopBundlesRequest())

    assert names(answer) == ["dinner"]
