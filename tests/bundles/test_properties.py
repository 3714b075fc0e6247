"""Whatever is asked, no constraint is violated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bundles.answers import GeneratedBundle
from bundles.recommender import Recommender
from bundles.requests import MAX_BUNDLES, ComposeRequest, GenerateRequest, ItemsRequest, RequestError
from tests.artifact_factory import KEY, PlantedItem, PlantedPromotion, PlantedShop, make_artifact

NUM_ITEMS = 60
IDS = [f"i{number}" for number in range(NUM_ITEMS)]
ROOTS = ["A", "B", "C", "D"]


def make_shop() -> PlantedShop:
    rng = np.random.default_rng(0)
    items = [
        PlantedItem(
            item_id,
            "" if number % 13 == 0 else f"{ROOTS[number % 4]} > {number % 20}",
            None if number % 11 == 0 else round(float(rng.uniform(0.05, 9)), 2),
            cost=None if number % 5 == 0 else 0.01,
            in_stock=number % 7 != 0,
        )
        for number, item_id in enumerate(IDS)
    ]
    baskets = [
        (
            [IDS[place] for place in rng.choice(NUM_ITEMS - 10, size=4, replace=False)],
            int(rng.integers(5, 20)),
        )
        for _ in range(60)
    ]
    return PlantedShop(
        items=items,
        baskets=baskets,
        histories={"u": {IDS[place]: 1 + place for place in range(9)}},
        promotions=[PlantedPromotion("p", dict.fromkeys(IDS[::3], 0.1))],
    )


SHOP = make_shop()
ITEMS = {item.item_id: item for item in SHOP.items}


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    return Recommender(make_artifact(SHOP), KEY)


ids = st.lists(st.sampled_from(IDS), max_size=4)
prices = st.none() | st.floats(0, 40).map(lambda price: round(price, 2))
paths = st.lists(st.sampled_from([*ROOTS, "A > 0", "B > 5", "nowhere"]), max_size=2)
constraints = st.fixed_dictionaries(
    {},
    optional={
        "price_min": prices,
        "price_max": prices,
        "categories_include": paths,
        "categories_exclude": paths,
        "items_require": st.lists(st.sampled_from(IDS), max_size=1),
        "items_exclude": ids,
        "min_categories": st.integers(1, 4),
        "in_stock_only": st.booleans(),
        "promotion_id": st.sampled_from(["p", None]),
    },
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "anchors": st.lists(st.sampled_from(IDS), max_size=2),
        "user_id": st.sampled_from(["u", "nobody"]),
        "cart": st.lists(st.sampled_from([*IDS, "unknown"]), max_size=5),
        "recent": ids,
        "size": st.integers(2, 6) | st.just({"min": 2, "max": 5}),
        "n": st.integers(1, 12) | st.none(),
        "constraints": constraints,
        "weights": st.fixed_dictionaries({"coherence": st.floats(0.1, 2), "margin": st.floats(0, 2)}),
        "diversity": st.floats(0, 1),
    },
)


@given(body=requests)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_constraint_is_ever_violated(recommender: Recommender, body: dict[str, Any]) -> None:
    try:
        request = GenerateRequest.model_validate(body)
        answer = recommender.generate(request, request_id="one")
    except (ValidationError, RequestError):
        return

    assert len(answer.bundles) <= (request.n or MAX_BUNDLES)
    assert answer.bundles or answer.warnings
    seen = {frozenset(item.item_id for item in bundle.items) for bundle in answer.bundles}
    assert len(seen) == len(answer.bundles)
    for bundle in answer.bundles:
        check_bundle(bundle, request)


@given(body=requests)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_request_has_the_same_bundles(recommender: Recommender, body: dict[str, Any]) -> None:
    try:
        request = GenerateRequest.model_validate(body)
        first, second = recommender.generate(request), recommender.generate(request)
    except (ValidationError, RequestError):
        return

    assert first.bundles == second.bundles
    assert first.warnings == second.warnings


@given(cart=st.lists(st.sampled_from(IDS), max_size=10), recent=ids, n=st.integers(1, 80))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_item_of_the_cart_comes_back_and_none_twice(
    recommender: Recommender, cart: list[str], recent: list[str], n: int
) -> None:
    answer = recommender.recommend_items(ItemsRequest(cart=tuple(cart), recent=tuple(recent), n=n))

    found = [item.item_id for item in answer.items]
    assert not set(found) & set(cart)
    assert len(set(found)) == len(found) <= n
    scores = [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)


def check_bundle(bundle: GeneratedBundle, request: ComposeRequest) -> None:
    asked = request.constraints
    found = [ITEMS[item.item_id] for item in bundle.items]
    fixed = {*request.anchors, *asked.items_require}
    added = [item for item in found if item.item_id not in fixed]
    names = [item.item_id for item in found]

    assert len(set(names)) == len(names)
    assert request.size.min <= len(names) <= request.size.max
    assert fixed <= set(names)
    assert {item.item_id for item in bundle.items if item.role == "anchor"} == set(request.anchors)
    assert not set(names) & set(asked.items_exclude)
    assert not {item.item_id for item in added} & set(request.cart)
    if asked.in_stock_only:
        assert all(item.in_stock for item in found)
    if asked.categories_include:
        assert all(any(is_below(item.category, path) for path in asked.categories_include) for item in found)
    assert not any(is_below(item.category, path) for path in asked.categories_exclude for item in found)
    assert len({item.category.split(" > ")[0] for item in found if item.category}) >= (
        asked.min_categories if asked.min_categories > 1 else 0
    )
    leaves = [item.category for item in added if item.category]
    assert len(set(leaves)) == len(leaves)
    assert not set(leaves) & {ITEMS[item_id].category for item_id in fixed}
    check_price(bundle, found, request)
    objectives = bundle.objectives
    assert all(0 <= value <= 1 for value in objectives.model_dump().values() if value is not None)
    assert (objectives.margin is None) == any(item.cost is None or item.price is None for item in found)


def check_price(bundle: GeneratedBundle, found: list[PlantedItem], request: ComposeRequest) -> None:
    asked = request.constraints
    if asked.price_min is not None or asked.price_max is not None:
        assert bundle.price.offer is not None
    if asked.promotion_id is not None:
        offered = {*IDS[::3], *request.anchors, *asked.items_require}
        assert {item.item_id for item in found} <= offered
    prices = [item.price for item in found]
    if None in prices:
        assert bundle.price.list is bundle.price.offer is None
        return
    total = sum(price for price in prices if price is not None)
    assert bundle.price.list == pytest.approx(total, abs=0.001)
    assert bundle.price.list is not None
    assert bundle.price.offer is not None
    assert 0 <= bundle.price.offer <= bundle.price.list
    if asked.promotion_id is None:
        assert bundle.price.offer == bundle.price.list
    assert asked.price_min is None or bundle.price.offer >= asked.price_min
    assert asked.price_max is None or bundle.price.offer <= asked.price_max


def is_below(category: str, path: str) -> bool:
    return category == path or category.startswith(f"{path} > ")
