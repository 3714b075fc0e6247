"""The shop's own bundles, ranked, priced and described."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bundles.answers import ShopBundlesAnswer
from bundles.recommender import Recommender
from bundles.requests import ShopBundlesRequest
from gnn.artifact import ModelArtifact, ShopBundles
from gnn.bundle_ranking.model import BundleModel
from gnn.text_column import TextColumn
from tests.artifact_factory import KEY, make_artifact
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
        indptr=ends.astype(np.int64),
        item=np.array([ids.index(name) for content in contents for name in content], dtype=np.int32),
        quantity=np.array([count for content in contents for count in content.values()], dtype=np.float64),
    )
    # User 9 chose the picnic before, and breakfast is next on the list; user 718 chose nothing.
    users = list(made.histories.user_ids)
    known = users.index(KEY.pseudonym("9"))
    lengths = [2 if user == known else 0 for user in range(len(users))]
    model = replace(
        BundleModel.none(num_users=len(users), num_items=len(ids), num_bundles=len(BUNDLES)),
        indptr=np.cumsum([0, *lengths]).astype(np.int64),
        bundle=np.array([3, 0], dtype=np.int32),
        score=np.array([2.0, 1.0], dtype=np.float32),
        popularity=np.array([1, 5, 9, 3], dtype=np.float32),
        visitor_weights=np.array([0.0, 1.0, 0.1], dtype=np.float32),
    )
    return replace(made, bundles=bundles, bundle_model=model)


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


def test_a_shop_without_bundles_is_told_what_to_ask() -> None:
    answer = ask(make_artifact(GROCERY), cart=["milk"])

    assert answer.bundles == []
    assert "bundles/generate" in answer.warnings[-1]
