"""For any request, no constraint is violated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bundles.present.answers import GenerateAnswer, GeneratedBundle, ItemsAnswer
from bundles.recommender import Recommender
from bundles.request.schemas import (
    MAX_BUNDLES,
    ComposeRequest,
    GenerateRequest,
    ItemsRequest,
    RequestError,
    Weights,
)
from tests.artifact_factory import KEY, PlantedItem, PlantedPromotion, PlantedShop, make_artifact

NUM_ITEMS = 60
IDS = [f"i{number}" for number in range(NUM_ITEMS)]
ROOTS = ["A", "B", "C", "D"]
#: Items bought almost only in January or July, and a week of each month.
IN_SEASON = {1: IDS[:25], 7: IDS[25:50]}
WEEK_OF_MONTH = {1: 1, 7: 26}


def make_shop() -> PlantedShop:
    rng = np.random.default_rng(0)
    items = [
        PlantedItem(
            item_id,
            "" if number % 13 == 0 else f"{ROOTS[number % 4]} > {number % 20}",
            None if number % 11 == 0 else round(float(rng.uniform(0.05, 9)), 2),
            cost=None if number % 5 == 0 else round(float(rng.uniform(0.01, 4)), 2),
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
        baskets_by_week={
            item_id: {WEEK_OF_MONTH[month]: 90, 20: 10}
            for month, item_ids in IN_SEASON.items()
            for item_id in item_ids
        },
    )


SHOP = make_shop()
ITEMS = {item.item_id: item for item in SHOP.items}


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    return Recommender(make_artifact(SHOP), KEY)


ids = st.lists(st.sampled_from(IDS), max_size=4)
prices = st.none() | st.floats(0, 40).map(lambda price: round(price, 2))
paths = st.lists(st.sampled_from([*ROOTS, "A > 0", "B > 5", "nowhere"]), max_size=2)
shares = st.floats(0, 0.9).map(lambda share: round(share, 2))
constraints = st.fixed_dictionaries(
    {},
    optional={
        "price_min": prices,
        "price_max": prices,
        "categories_include": paths,
        "categories_exclude": paths,
        "items_require": st.lists(st.sampled_from(IDS), max_size=1),
        "items_exclude": ids,
        "items_from": st.lists(st.sampled_from([*IDS, "unknown"]), max_size=40),
        "min_categories": st.integers(1, 4),
        "min_link": st.floats(0, 1).map(lambda link: round(link, 2)) | st.none(),
        "substitutes": st.booleans(),
        "in_stock_only": st.booleans(),
        "promotion_id": st.sampled_from(["p", None]),
        "event_date": st.sampled_from(["2026-01-03", "2026-07-01", None]),
    },
)
weights = st.fixed_dictionaries(
    {name: st.sampled_from([0.0, 0.1, 1.0, 1e6]) for name in Weights.model_fields}
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
        "discount": st.fixed_dictionaries({}, optional={"share": shares, "margin_floor": shares}),
        "weights": weights,
        "diversity": st.floats(0, 1),
        "explain": st.booleans(),
    },
)


def test_no_constraint_is_ever_violated(recommender: Recommender) -> None:
    # A property of empty lists would say little.
    assert count_checked_answers(recommender, max_examples=2_000) > 500


def count_checked_answers(recommender: Recommender, *, max_examples: int) -> int:
    """Check the answers to `max_examples` requests; returns how many had bundles."""
    num_answered = 0

    @given(body=requests)
    @settings(max_examples=max_examples, deadline=None)
    def check(body: dict[str, Any]) -> None:
        nonlocal num_answered
        request = valid_request(body)
        if request is None:
            return
        try:
            answer = recommender.generate(request)
        except RequestError as error:
            assert error.field.split(".")[0] in GenerateRequest.model_fields
            return
        num_answered += bool(answer.bundles)
        check_answer(answer, request)

    check()
    return num_answered


@given(body=requests)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_request_has_the_same_bundles(recommender: Recommender, body: dict[str, Any]) -> None:
    request = valid_request(body)
    if request is None:
        return
    try:
        first, second = recommender.generate(request), recommender.generate(request)
    except RequestError:
        return

    assert first.bundles == second.bundles
    assert first.warnings == second.warnings


@given(cart=st.lists(st.sampled_from(IDS), max_size=10), recent=ids, n=st.integers(1, 80))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_item_of_the_cart_comes_back_and_none_twice(
    recommender: Recommender, cart: list[str], recent: list[str], n: int
) -> None:
    request = ItemsRequest(cart=tuple(cart), recent=tuple(recent), n=n)

    check_items(recommender.recommend_items(request), request)


def valid_request(body: dict[str, Any]) -> GenerateRequest | None:
    """The request, none where it is wrong on its face: then the answer names a field of it."""
    try:
        return GenerateRequest.model_validate(body)
    except ValidationError as error:
        assert {problem["loc"][0] for problem in error.errors()} <= {"constraints", "weights", "discount"}
        return None


def check_items(answer: ItemsAnswer, request: ItemsRequest) -> None:
    found = [item.item_id for item in answer.items]
    assert not set(found) & set(request.cart)
    assert len(set(found)) == len(found) <= request.n
    scores = [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)


def check_answer(answer: GenerateAnswer, request: GenerateRequest) -> None:
    assert len(answer.bundles) <= (request.n or MAX_BUNDLES)
    assert answer.bundles or answer.warnings
    seen = {frozenset(item.item_id for item in bundle.items) for bundle in answer.bundles}
    assert len(seen) == len(answer.bundles)
    assert [bundle.rank for bundle in answer.bundles] == list(range(1, len(answer.bundles) + 1))
    for bundle in answer.bundles:
        check_bundle(bundle, request)


def check_bundle(bundle: GeneratedBundle, request: ComposeRequest) -> None:
    given = request.constraints
    found = [ITEMS[item.item_id] for item in bundle.items]
    fixed = {*request.anchors, *given.items_require}
    added = [item for item in found if item.item_id not in fixed]
    names = [item.item_id for item in found]

    assert len(set(names)) == len(names)
    assert request.size.min <= len(names) <= request.size.max
    assert fixed <= set(names)
    assert {item.item_id for item in bundle.items if item.role == "anchor"} == set(request.anchors)
    assert not set(names) & set(given.items_exclude)
    assert not {item.item_id for item in added} & set(request.cart)
    if given.in_stock_only:
        assert all(item.in_stock for item in found)
    if given.categories_include:
        assert all(any(is_below(item.category, path) for path in given.categories_include) for item in found)
    assert not any(is_below(item.category, path) for path in given.categories_exclude for item in found)
    assert len({item.category.split(" > ")[0] for item in found if item.category}) >= (
        given.min_categories if given.min_categories > 1 else 0
    )
    if given.items_from:
        assert {item.item_id for item in added} <= set(given.items_from)
    if not given.substitutes:
        leaves = [item.category for item in added if item.category]
        assert len(set(leaves)) == len(leaves)
        assert not set(leaves) & {ITEMS[item_id].category for item_id in fixed}
    assert bundle.weakest_link >= (given.min_link or 0)
    if given.event_date is not None:
        assert {item.item_id for item in added} <= set(IN_SEASON[given.event_date.month])
    check_price(bundle, found, request)
    objectives = bundle.objectives
    assert all(0 <= value <= 1 for value in objectives.model_dump().values() if value is not None)
    assert (objectives.margin is None) == any(item.cost is None or item.price is None for item in found)


def check_price(bundle: GeneratedBundle, found: list[PlantedItem], request: ComposeRequest) -> None:
    given = request.constraints
    if given.price_min is not None or given.price_max is not None:
        assert bundle.price.offer is not None
    if given.promotion_id is not None:
        offered = {*IDS[::3], *request.anchors, *given.items_require}
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
    check_discount(bundle.price.offer, found, request)
    assert given.price_min is None or bundle.price.offer >= given.price_min
    assert given.price_max is None or bundle.price.offer <= given.price_max


def check_discount(offer: float, found: list[PlantedItem], request: ComposeRequest) -> None:
    """Exact but for the last cent: the promotion first, then the share, no further than the floor leaves."""
    is_running = request.constraints.promotion_id is not None
    item_offers = [
        (item.price or 0) * (0.9 if is_running and item.item_id in IDS[::3] else 1.0) for item in found
    ]
    expected = total = sum(item_offers)
    costs = [item.cost for item in found]
    policy = request.discount
    if policy is not None:
        expected = 0.0 if policy.share is None else total * (1 - policy.share)
    if policy is not None and policy.margin_floor is not None:
        is_known = None not in costs
        cost = sum(cost or 0 for cost in costs)
        expected = min(max(expected, cost / (1 - policy.margin_floor)), total) if is_known else total
        assert not is_known or offer * (1 - policy.margin_floor) >= cost - 1e-6
    assert offer == pytest.approx(expected, abs=0.005 * len(found) + 0.011)


def is_below(category: str, path: str) -> bool:
    return category == path or category.startswith(f"{path} > ")
