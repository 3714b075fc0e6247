from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.pareto.__main__ import SERVED, Measured, interval, main, measure_case, table
from benchmarks.pareto.cases import COST_SHARES, SETTINGS, Case, CaseMaker, with_costs
from benchmarks.pareto.rivals import counted_beams, even_weights, exact, served, weighted_sums
from bundles.compose.beam import compose_sets
from bundles.request.resolve import ResolvedRequest
from bundles.request.schemas import Weights
from bundles.request.visitor import VisitorContext, VisitorPreference
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact
from tests.planted_shop import GROCERY
from tests.planted_shortlist import NUM_CANDIDATES, make_rules, make_shortlist

CASE = Case(
    make_shortlist(num_fixed=1),
    ResolvedRequest(
        make_rules(size_min=2, size_max=4), VisitorPreference(None, ()), VisitorContext((), (), None), "gnn"
    ),
    ("coherence", "user_fit"),
)


@pytest.fixture(scope="module")
def found() -> dict[str, Measured]:
    return measure_case(CASE, seed=0)


def test_no_front_is_better_than_that_of_all_sets(found: dict[str, Measured]) -> None:
    best = found["all sets (exact)"]

    assert len(found) == 6
    assert best.num_evaluations == 13 + 13 * 12 / 2 + 13 * 12 * 11 / 6
    assert all(0 < each.hypervolume <= best.hypervolume for each in found.values())
    assert found[SERVED].hypervolume == best.hypervolume


def test_weighted_sums_measure_no_more_sets_than_they_may() -> None:
    one = weighted_sums(CASE, max_evaluations=1).num_evaluations
    some = weighted_sums(CASE, max_evaluations=4 * one)
    budget = served(CASE).num_evaluations

    # A beam search measures about as many sets whatever the weights are.
    assert 2 * one < some.num_evaluations <= 4 * one
    assert weighted_sums(CASE, max_evaluations=budget).num_evaluations <= budget
    assert len(weighted_sums(CASE).front.values) >= len(some.front.values)


def test_a_beam_search_measures_each_state_with_each_candidate() -> None:
    with counted_beams() as beams:
        compose_sets(CASE.shortlist, make_rules(size_min=2, size_max=2), weights=Weights(), num_kept=1)

    # The fixed item is the one state.
    assert beams.num_evaluations == NUM_CANDIDATES


@pytest.mark.parametrize(
    ("objectives", "count"), [(("margin", "discount"), 100), (("margin", "discount", "breadth"), 105)]
)
def test_even_weights_are_distinct_and_begin_near_equal(objectives: tuple[str, ...], count: int) -> None:
    found = list(even_weights(objectives))
    values = np.array([[getattr(weights, name) for name in objectives] for weights in found])

    assert len(np.unique(values, axis=0)) == len(found) == count
    np.testing.assert_allclose(values.sum(axis=1), 1)
    np.testing.assert_allclose(values[0], 1 / len(objectives), atol=0.06)
    assert found[0].coherence == 0


def test_an_interval_is_the_mean_and_1_96_standard_errors() -> None:
    # The standard deviation of 1 and 3 is √2, its error √2 / √2.
    assert interval([1.0, 3.0]) == "2.0000 ± 1.9600"
    assert interval([2.0]) == "2.0000 ± 0.0000"


def test_a_table_divides_each_hypervolume_by_the_served_one(found: dict[str, Measured]) -> None:
    half = {name: replace(each, hypervolume=found[SERVED].hypervolume / 2) for name, each in found.items()}
    half[SERVED] = found[SERVED]

    rows = table([half])

    assert [row[2] for row in rows] == ["1.0000 ± 0.0000"] + 5 * ["0.5000 ± 0.0000"]


def test_costs_are_planted_where_a_shop_gives_none_and_kept_where_it_gives_some() -> None:
    known = make_artifact(GROCERY)
    unknown = make_artifact(PlantedShop([PlantedItem("a", price=2.0), PlantedItem("b")]))
    planted = with_costs(unknown, rng=np.random.default_rng(0)).catalogue.cost

    assert with_costs(known, rng=np.random.default_rng(0)) is known
    assert 2 * COST_SHARES[0] <= planted[0] <= 2 * COST_SHARES[1]
    assert np.isnan(planted[1])


def test_cases_have_one_anchor_each_and_are_the_same_for_one_seed() -> None:
    items = [PlantedItem(name, f"{name} > {name}", 1.0, cost=0.5) for name in "abcd"]
    shop = PlantedShop(items, baskets=[(["a", "b", "c"], 150), (["c", "d"], 20)])
    maker = CaseMaker(make_artifact(shop))
    first, second = (list(maker.make(SETTINGS[0], count=2, rng=np.random.default_rng(0))) for _ in range(2))

    anchors = [case.resolved.constraints.anchors for case in first]
    assert len(anchors) == 2
    assert anchors == [case.resolved.constraints.anchors for case in second]
    assert exact(first[0]).front.hypervolume > 0


def test_a_home_without_a_model_is_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--home", str(tmp_path_factory.mktemp("home"))])

    assert left.value.code == 2
    assert "run bundlegraph train" in capsys.readouterr().err
