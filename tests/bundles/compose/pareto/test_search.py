from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from bundles.compose.pareto.decoder import SetDecoder
from bundles.compose.pareto.front import Front, front_of
from bundles.compose.pareto.search import STANDARD_EFFORT, Effort, find_front, random_sets
from bundles.compose.sets import objective_values, satisfies
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints
from bundles.request.schemas import ObjectiveName
from tests.planted_shortlist import NUM_CANDIDATES, make_rules, make_shortlist

TWO: tuple[ObjectiveName, ...] = ("coherence", "user_fit")
THREE: tuple[ObjectiveName, ...] = ("coherence", "user_fit", "breadth")
NONE_KNOWN = np.zeros((0, NUM_CANDIDATES), dtype=np.bool_)
RULES = make_rules(size_min=2, size_max=4)


def all_sets(shortlist: Shortlist, constraints: BundleConstraints) -> NDArray[np.bool_]:
    """Every set that satisfies `constraints`."""
    members = np.array(
        [
            np.isin(np.arange(NUM_CANDIDATES), chosen)
            for size in range(constraints.size_min, constraints.size_max + 1)
            for chosen in combinations(range(NUM_CANDIDATES), size)
        ]
    )
    return members[satisfies(shortlist, members, constraints=constraints)]


def exact_front(
    shortlist: Shortlist, constraints: BundleConstraints, objectives: tuple[ObjectiveName, ...]
) -> Front:
    members = all_sets(shortlist, constraints)
    return front_of(
        members, objective_values(shortlist, members, constraints=constraints, objectives=objectives)
    )


@pytest.mark.parametrize("objectives", [TWO, THREE])
@pytest.mark.parametrize(
    "constraints",
    [RULES, make_rules(size_min=3, size_max=4, price_min=900, price_max=1500, min_categories=3)],
)
def test_the_whole_front_is_found_where_every_set_can_be_tried(
    objectives: tuple[ObjectiveName, ...], constraints: BundleConstraints
) -> None:
    shortlist = make_shortlist(num_fixed=1)

    found = find_front(
        shortlist, constraints, objectives=objectives, known=NONE_KNOWN, effort=STANDARD_EFFORT
    )

    exact = exact_front(shortlist, constraints, objectives)
    assert len(exact.values) >= 3
    np.testing.assert_array_equal(found.front.values, exact.values)


def test_the_search_ends_when_there_is_no_other_set_to_look_at() -> None:
    shortlist, constraints = make_shortlist(num_fixed=1), make_rules(size_min=2, size_max=2)

    found = find_front(shortlist, constraints, objectives=TWO, known=NONE_KNOWN, effort=STANDARD_EFFORT)

    # One of 13 others, of which one replaces the fixed item.
    assert found.num_evaluations == NUM_CANDIDATES - 2


def test_it_looks_at_a_populations_worth_of_sets_a_generation_at_most() -> None:
    effort = Effort(population=20, generations=7)

    found = find_front(make_shortlist(), RULES, objectives=TWO, known=NONE_KNOWN, effort=effort)

    assert 20 * 7 - 20 < found.num_evaluations <= 20 * 7


def test_the_same_seed_finds_the_same_front() -> None:
    effort = Effort(population=10, generations=3)
    first, second = (
        find_front(make_shortlist(), RULES, objectives=THREE, known=NONE_KNOWN, effort=effort)
        for _ in range(2)
    )

    np.testing.assert_array_equal(first.front.members, second.front.members)
    assert first.num_evaluations == second.num_evaluations


def test_a_front_is_never_behind_what_was_known_before() -> None:
    shortlist = make_shortlist()
    exact = exact_front(shortlist, RULES, THREE)

    found = find_front(
        shortlist, RULES, objectives=THREE, known=exact.members, effort=Effort(population=60, generations=1)
    )

    assert len(exact.members) < 60
    np.testing.assert_array_equal(found.front.values, exact.values)


def test_where_no_set_satisfies_the_rules_the_front_is_empty() -> None:
    constraints = make_rules(price_max=10)

    found = find_front(
        make_shortlist(), constraints, objectives=TWO, known=NONE_KNOWN, effort=STANDARD_EFFORT
    )

    assert len(found.front.members) == 0
    assert found.front.hypervolume == 0


def test_random_sets_are_of_every_size() -> None:
    shortlist = make_shortlist(num_fixed=1)

    members = random_sets(
        SetDecoder(shortlist, RULES), shortlist, RULES, count=100, rng=np.random.default_rng(0)
    )

    assert set(members.sum(axis=1).tolist()) == {2, 3, 4}


def test_an_unknown_margin_counts_0() -> None:
    shortlist = make_shortlist(num_unpriced=1)
    members = np.zeros((2, NUM_CANDIDATES), dtype=np.bool_)
    members[0, [0, 2]] = members[1, [0, NUM_CANDIDATES - 1]] = True

    values = objective_values(shortlist, members, constraints=RULES, objectives=("margin", "discount"))

    offer, cost = shortlist.offer[[0, 2]].sum(), shortlist.cost[[0, 2]].sum()
    assert values[0, 0] == pytest.approx((offer - cost) / offer, abs=1e-6)
    assert values[1].tolist() == [0, 0]


def test_searches_in_threads_do_not_meet() -> None:
    shortlists = [make_shortlist(seed=seed) for seed in range(4)]
    effort = Effort(population=20, generations=10)

    def search(shortlist: Shortlist) -> bytes:
        found = find_front(shortlist, RULES, objectives=THREE, known=NONE_KNOWN, effort=effort)
        return found.front.members.tobytes()

    alone = [search(shortlist) for shortlist in shortlists]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(search, shortlists))

    assert together == alone
