"""Answers of a model whose trees re-rank items and give co-basket probabilities."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest, ItemsRequest
from tests.artifact_factory import KEY, make_artifact
from tests.bundles.test_properties import IDS, SHOP, check_items, count_checked_answers, ids
from tests.planted_shop import GROCERY


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    return Recommender(make_artifact(replace(SHOP, trees=True)), KEY)


@pytest.fixture(scope="module")
def without_trees() -> Recommender:
    return Recommender(make_artifact(SHOP), KEY)


@pytest.fixture(scope="module")
def grocery_with_trees() -> Recommender:
    return Recommender(make_artifact(replace(GROCERY, trees=True)), KEY)


def test_no_constraint_is_violated(recommender: Recommender) -> None:
    assert count_checked_answers(recommender, max_examples=200) > 50


@given(cart=st.lists(st.sampled_from(IDS), max_size=10), recent=ids, n=st.integers(1, 80))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_items_are_ranked_without_the_cart_and_each_once(
    recommender: Recommender, cart: list[str], recent: list[str], n: int
) -> None:
    request = ItemsRequest(cart=tuple(cart), recent=tuple(recent), n=n)

    check_items(recommender.recommend_items(request), request)


def test_the_same_request_has_the_same_answer(recommender: Recommender) -> None:
    generate = GenerateRequest.model_validate({"anchors": [IDS[1]], "user_id": "u", "size": 3, "n": 5})
    items = ItemsRequest(cart=(IDS[1],), user_id="u", n=10)

    assert recommender.generate(generate).bundles == recommender.generate(generate).bundles
    assert recommender.recommend_items(items).items == recommender.recommend_items(items).items


def test_trees_change_the_order_of_items_and_the_fit_of_bundles(
    recommender: Recommender, without_trees: Recommender
) -> None:
    items = ItemsRequest(cart=(IDS[1], IDS[2]), n=20)
    request = GenerateRequest.model_validate({"anchors": [IDS[1]], "size": 3, "n": 5})

    by_trees, by_first_stage = (
        [item.item_id for item in each.recommend_items(items).items] for each in (recommender, without_trees)
    )
    fits = [
        [bundle.objectives.user_fit for bundle in each.generate(request).bundles]
        for each in (recommender, without_trees)
    ]

    assert by_trees != by_first_stage
    assert fits[0] != fits[1]


def test_what_is_always_bought_together_stays_together(grocery_with_trees: Recommender) -> None:
    generate = GenerateRequest.model_validate({"anchors": ["pasta"], "user_id": "718", "size": 2})

    bundle = grocery_with_trees.generate(generate).bundles[0]
    first = grocery_with_trees.recommend_items(ItemsRequest(cart=("pasta",), n=1)).items[0]
    related = grocery_with_trees.related("pasta").items[0]

    assert [item.item_id for item in bundle.items] == ["pasta", "sauce"]
    assert bundle.reasons[0].evidence["baskets"] == 40
    assert first.item_id == related.item_id == "sauce"
