from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bundles.compose.pareto.schemas import ParetoAnswer, ParetoRequest
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest, RequestError
from tests.artifact_factory import KEY, PlantedItem, PlantedShop, make_artifact
from tests.planted_shop import GROCERY

NOW = datetime(2026, 11, 22, 3, 17, tzinfo=UTC)

#: Beside `a`, b is linked most and c next, d earns most and c next; e is worse than c on both.
TRADE_OFF = PlantedShop(
    items=[
        PlantedItem("a", "A > a", 1.0, cost=1.0),
        PlantedItem("b", "B > b", 1.0, cost=0.9),
        PlantedItem("c", "B > c", 1.0, cost=0.5),
        PlantedItem("d", "B > d", 1.0, cost=0.1),
        PlantedItem("e", "B > e", 1.0, cost=0.7),
        PlantedItem("f", "C > f", 1.0, cost=1.0),
    ],
    baskets=[
        (["a", "b"], 80),
        (["a", "c"], 40),
        (["a", "d"], 10),
        (["a", "e"], 20),
        (["b", "c", "d", "e"], 50),
        (["f"], 300),
    ],
)


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    return Recommender(make_artifact(TRADE_OFF), KEY, now=lambda: NOW)


@pytest.fixture(scope="module")
def grocery() -> Recommender:
    return Recommender(make_artifact(GROCERY), KEY, now=lambda: NOW)


def ask(recommender: Recommender, **body: object) -> ParetoAnswer:
    return recommender.pareto(ParetoRequest.model_validate(body), request_id="one")


def added(answer: ParetoAnswer) -> list[str]:
    return [bundle.items[-1].item_id for bundle in answer.bundles]


def test_a_front_holds_the_trade_off_and_leaves_out_what_is_worse_on_both(recommender: Recommender) -> None:
    answer = ask(recommender, anchors=["a"], size=2, objectives=["coherence", "margin"])

    assert added(answer) == ["b", "c", "d"]
    assert [bundle.objectives.margin for bundle in answer.bundles] == pytest.approx(
        [(2 - 1.9) / 2, (2 - 1.5) / 2, (2 - 1.1) / 2]
    )
    assert [bundle.rank for bundle in answer.bundles] == [1, 2, 3]
    assert answer.num_points == 3
    assert answer.num_evaluations == 5


def test_the_first_objective_orders(recommender: Recommender) -> None:
    answer = ask(recommender, anchors=["a"], size=2, objectives=["margin", "coherence"])

    assert added(answer) == ["d", "c", "b"]


def test_of_a_larger_front_n_are_shown_that_hold_its_ends(recommender: Recommender) -> None:
    answer = ask(recommender, anchors=["a"], size=2, objectives=["coherence", "margin"], n=2)

    assert added(answer) == ["b", "d"]
    assert answer.num_points == 3


def test_the_score_is_the_mean_of_the_objectives_and_the_hypervolume_what_the_front_dominates(
    recommender: Recommender,
) -> None:
    answer = ask(recommender, anchors=["a"], size=2, objectives=["coherence", "margin"])

    points = [(bundle.objectives.coherence, bundle.objectives.margin or 0.0) for bundle in answer.bundles]
    assert [bundle.score for bundle in answer.bundles] == pytest.approx(
        [sum(point) / 2 for point in points], abs=1e-6
    )
    (b, c, d) = points
    assert answer.hypervolume == pytest.approx(
        b[0] * b[1] + c[0] * (c[1] - b[1]) + d[0] * (d[1] - c[1]), abs=1e-6
    )


def test_each_objective_is_as_high_as_the_best_bundle_for_it_alone(grocery: Recommender) -> None:
    objectives = ["coherence", "breadth", "margin"]
    answer = ask(grocery, objectives=objectives, n=100)

    for name in objectives:
        weights = {**dict.fromkeys(("coherence", "user_fit", "breadth"), 0.0), name: 1.0}
        best = grocery.generate(GenerateRequest.model_validate({"weights": weights, "n": 1})).bundles[0]
        front = [bundle.objectives.model_dump()[name] or 0.0 for bundle in answer.bundles]
        assert max(front) >= best.objectives.model_dump()[name]


def test_bundles_are_priced_and_explained_as_composed_ones_are(grocery: Recommender) -> None:
    (bundle,) = ask(grocery, anchors=["pasta"], size=2, objectives=["coherence", "margin"]).bundles
    composed = grocery.generate(GenerateRequest.model_validate({"anchors": ["pasta"], "size": 2, "n": 1}))

    assert bundle.items == composed.bundles[0].items
    assert bundle.price == composed.bundles[0].price
    assert bundle.reasons == composed.bundles[0].reasons
    assert bundle.reasons[0].evidence["baskets"] == 40


def test_by_default_margin_counts_where_costs_are_known_and_breadth_where_not(grocery: Recommender) -> None:
    items = [PlantedItem(item.item_id, item.category, item.price) for item in GROCERY.items]
    costless = Recommender(make_artifact(PlantedShop(items=items, baskets=GROCERY.baskets)), KEY)

    assert ask(grocery, validate_only=True).objectives == ["coherence", "margin"]
    assert ask(grocery, user_id="718", validate_only=True).objectives == ["coherence", "user_fit", "margin"]
    assert ask(costless, validate_only=True).objectives == ["coherence", "breadth"]
    answer = ask(costless, objectives=["coherence", "margin"])
    assert answer.warnings == ["objectives: no item has a cost, so every margin is unknown and counts as 0"]
    assert answer.hypervolume == 0
    assert ask(costless, objectives=["coherence", "margin"], validate_only=True).warnings == answer.warnings


def test_an_objective_that_nothing_reaches_is_named(grocery: Recommender) -> None:
    answer = ask(grocery, objectives=["discount", "coherence"])

    assert answer.warnings == [
        "objectives: discount is 0 for every bundle: only the others matter, and the hypervolume is 0"
    ]


def test_a_request_is_checked_without_a_search(grocery: Recommender) -> None:
    answer = ask(grocery, constraints={"promotion_id": "over"}, validate_only=True)

    assert answer.bundles == []
    assert answer.num_evaluations == 0
    assert "ended on" in answer.warnings[0]


def test_what_nothing_satisfies_is_an_empty_front_with_the_constraint_named(grocery: Recommender) -> None:
    answer = ask(grocery, anchors=["pasta"], constraints={"price_max": 0.5})

    assert answer.bundles == []
    assert (answer.hypervolume, answer.num_points, answer.num_evaluations) == (0, 0, 0)
    assert answer.warnings == ["no bundle satisfies constraints.price_max"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"anchors": ["nowhere"]}, "anchors"),
        ({"anchors": ["pasta"], "constraints": {"items_exclude": ["pasta"]}}, "anchors"),
        ({"anchors": ["pasta", "milk", "bread"], "size": 2}, "size"),
        ({"constraints": {"promotion_id": "nowhere"}}, "constraints.promotion_id"),
    ],
)
def test_a_request_that_is_wrong_against_the_catalogue_is_refused(
    body: dict[str, object], field: str, grocery: Recommender
) -> None:
    with pytest.raises(RequestError) as caught:
        ask(grocery, **body)

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("objectives", "message"),
    [
        (["coherence"], "at least 2"),
        ([], "at least 2"),
        (["coherence", "coherence"], "each objective once"),
        (["coherence", "profit"], "'breadth'"),
        (["coherence", "user_fit", "breadth", "margin", "discount", "coherence"], "at most 5"),
    ],
)
def test_objectives_are_two_to_five_distinct_known_ones(objectives: list[str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ParetoRequest.model_validate({"objectives": objectives})


def test_where_breadth_counts_other_categories_are_looked_at() -> None:
    near = [f"a{number}" for number in range(200)]
    shop = PlantedShop(
        [*(PlantedItem(name, f"A > {name}", 1.0) for name in ["a", *near]), PlantedItem("far", "B > b", 1.0)],
        baskets=[*((["a", name], 20) for name in near), (["far"], 10)],
    )

    answer = ask(
        Recommender(make_artifact(shop), KEY), anchors=["a"], size=2, objectives=["coherence", "breadth"]
    )

    assert added(answer)[-1] == "far"
    assert answer.bundles[-1].objectives.breadth > 0


def test_who_never_asks_for_a_front_does_not_import_pymoo() -> None:
    statement = "import sys, bundles.recommender; print('pymoo' in sys.modules)"

    found = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "False"
