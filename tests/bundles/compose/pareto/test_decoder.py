from dataclasses import replace

import numpy as np
import pytest

from bundles.compose.pareto.decoder import SetDecoder
from bundles.compose.sets import satisfies
from bundles.present.discounts import DiscountPolicy
from bundles.request.constraints import BundleConstraints
from tests.planted_shortlist import NUM_CANDIDATES, make_rules, make_shortlist

RULES = [
    make_rules(size_min=2, size_max=4),
    make_rules(size_min=2, size_max=4, price_max=1000),
    make_rules(size_min=2, size_max=4, price_min=1500),
    make_rules(size_min=3, size_max=5, price_min=1200, price_max=1600, min_categories=3),
    make_rules(size_min=2, size_max=4, price_max=900, discount=DiscountPolicy(share=0.2)),
    make_rules(size_min=2, size_max=4, discount=DiscountPolicy(share=None, margin_floor=0.3)),
]


def test_a_set_holds_the_fixed_items_and_the_allowed_items_of_greatest_key() -> None:
    shortlist = make_shortlist(num_fixed=1)
    keys = np.zeros((1, NUM_CANDIDATES))
    # Item 1 replaces item 0, which is fixed; 4 and 5 replace each other.
    keys[0, [1, 4, 5, 8]] = 4, 3, 2, 1

    members = SetDecoder(shortlist, make_rules()).decode(keys, np.array([3]))

    assert np.flatnonzero(members[0]).tolist() == [0, 4, 8]


@pytest.mark.parametrize("constraints", RULES)
@pytest.mark.parametrize("num_fixed", [0, 1])
def test_most_random_keys_become_sets_that_satisfy_the_rules(
    constraints: BundleConstraints, num_fixed: int
) -> None:
    shortlist = make_shortlist(num_fixed=num_fixed, seed=1)
    rng = np.random.default_rng(0)
    sizes = rng.integers(constraints.size_min, constraints.size_max + 1, size=300)

    members = SetDecoder(shortlist, constraints).decode(rng.random((300, NUM_CANDIDATES)), sizes)

    assert satisfies(shortlist, members, constraints=constraints).mean() > 0.7


@pytest.mark.parametrize("constraints", RULES)
@pytest.mark.parametrize("num_fixed", [0, 1])
def test_a_set_that_satisfies_the_constraints_is_decoded_to_itself(
    constraints: BundleConstraints, num_fixed: int
) -> None:
    shortlist = make_shortlist(num_fixed=num_fixed, seed=1)
    rng = np.random.default_rng(0)
    decoder = SetDecoder(shortlist, constraints)
    members = decoder.decode(rng.random((300, NUM_CANDIDATES)), rng.integers(2, 5, size=300))
    members = members[satisfies(shortlist, members, constraints=constraints)]

    again = decoder.decode(members + rng.random(members.shape), members.sum(axis=1))

    np.testing.assert_array_equal(again, members)


def test_a_set_grows_beyond_its_size_where_it_is_too_cheap_or_of_too_few_categories() -> None:
    shortlist = make_shortlist(num_fixed=1)
    least = float(np.sort(shortlist.offer)[-2:].sum()) + 1
    keys, one = np.random.default_rng(0).random((1, NUM_CANDIDATES)), np.array([1])

    for limits in ({"min_categories": 3}, {"price_min": int(least)}):
        constraints = make_rules(size_min=2, size_max=6, **limits)
        members = SetDecoder(shortlist, constraints).decode(keys, one)
        assert members.sum() > 2
        assert satisfies(shortlist, members, constraints=constraints).all()


def test_where_nothing_may_join_a_set_stays_short() -> None:
    shortlist = make_shortlist(num_fixed=1)
    alone = replace(shortlist, is_conflict=~np.eye(NUM_CANDIDATES, dtype=np.bool_))

    members = SetDecoder(alone, make_rules()).decode(np.ones((2, NUM_CANDIDATES)), np.array([3, 3]))

    assert members.sum(axis=1).tolist() == [1, 1]
