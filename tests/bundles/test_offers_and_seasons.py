"""Discounts of bundles and seasons, as a request asks for them."""

from dataclasses import replace
from datetime import date

import pytest
from pydantic import ValidationError

from bundles.present.answers import GenerateAnswer
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest
from gnn.scoring.seasons import week_of
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY

CHRISTMAS = week_of(date(2026, 12, 24))
#: Cheese is bought before Christmas alone, all else all year.
SEASONAL = replace(
    GROCERY,
    baskets_by_week={
        "cheese": {CHRISTMAS: 50},
        **{
            item.item_id: dict.fromkeys(range(1, 53), 10)
            for item in GROCERY.items
            if item.item_id != "cheese"
        },
    },
)


@pytest.fixture(scope="module")
def seasonal() -> Recommender:
    return Recommender(make_artifact(SEASONAL), KEY)


def ask(recommender: Recommender, **body: object) -> GenerateAnswer:
    return recommender.generate(GenerateRequest.model_validate(body))


def test_a_share_is_taken_off_the_items_and_shown(grocery: Recommender) -> None:
    bundle = ask(grocery, anchors=["pasta"], size=2, n=1, discount={"share": 0.1}).bundles[0]

    # 1.50 + 2.50, less a tenth
    assert (bundle.price.list, bundle.price.offer, bundle.price.discount) == (4.0, 3.6, 0.1)
    assert bundle.objectives.discount == 0.1
    assert bundle.objectives.margin == pytest.approx((3.6 - 2.0) / 3.6, abs=1e-6)


def test_a_margin_floor_gives_the_largest_discount_that_it_leaves(grocery: Recommender) -> None:
    answer = ask(grocery, anchors=["pasta"], size=2, n=1, discount={"margin_floor": 0.4})

    # Costs are 2.00: 2.00 / .6 = 3.333…, rounded up.
    assert answer.bundles[0].price.offer == 3.34


def test_a_price_limit_holds_for_what_is_paid(grocery: Recommender) -> None:
    at_list = ask(
        grocery, anchors=["pasta"], size=2, constraints={"price_max": 3.6, "items_require": ["sauce"]}
    )
    less = ask(
        grocery,
        anchors=["pasta"],
        size=2,
        constraints={"price_max": 3.6, "items_require": ["sauce"]},
        discount={"share": 0.1},
    )

    assert not at_list.bundles
    assert [bundle.price.offer for bundle in less.bundles] == [3.6]


def test_an_item_that_only_the_discount_makes_cheap_enough_is_found(grocery: Recommender) -> None:
    answer = ask(
        grocery, anchors=["pasta"], size=2, constraints={"price_max": 3.7}, discount={"share": 0.1}, n=None
    )

    assert {"pasta", "sauce"} in [{item.item_id for item in bundle.items} for bundle in answer.bundles]


def test_a_bundle_that_earns_less_than_the_floor_is_not_offered(grocery: Recommender) -> None:
    answer = ask(
        grocery,
        anchors=["cheese"],
        constraints={"items_require": ["butter"]},
        size=2,
        discount={"margin_floor": 0.5},
    )

    # Costs of 5.00 at a list price of 7.00 leave .29.
    assert answer.bundles == []
    assert "discount.margin_floor" in answer.warnings[-1]


def test_a_discount_of_nothing_or_of_all_is_refused() -> None:
    for wrong in ({}, {"share": 1.0}, {"share": -0.1}, {"margin_floor": 1.0}, {"share": float("nan")}):
        with pytest.raises(ValidationError):
            GenerateRequest.model_validate({"discount": wrong})


def test_what_is_added_for_a_date_is_bought_more_around_it(seasonal: Recommender) -> None:
    answer = ask(seasonal, anchors=["milk"], size=2, constraints={"event_date": "2026-12-24"}, n=5)

    assert [[item.item_id for item in bundle.items] for bundle in answer.bundles] == [["milk", "cheese"]]
    reason = next(reason for reason in answer.bundles[0].reasons if reason.kind == "season")
    assert reason.items == ["cheese"]
    assert (reason.evidence["baskets"], reason.evidence["of_baskets"]) == (50, 50)


def test_a_date_on_which_nothing_lifts_names_the_date(seasonal: Recommender) -> None:
    answer = ask(seasonal, anchors=["milk"], size=2, constraints={"event_date": "2026-06-01"})

    assert answer.bundles == []
    assert "constraints.event_date" in answer.warnings[-1]


def test_a_shop_without_weekly_counts_gives_a_warning(grocery: Recommender) -> None:
    answer = ask(grocery, anchors=["milk"], size=2, constraints={"event_date": "2026-06-01"})

    assert any("no item was bought often enough to have a season" in warning for warning in answer.warnings)
