from itertools import combinations

import numpy as np
import pytest

from bundles.compose.sets import measure_sets, satisfies
from bundles.request.schemas import Weights
from tests.planted_shortlist import NUM_CANDIDATES, is_valid, make_rules, make_shortlist, score_of

WEIGHTS = Weights(coherence=1, user_fit=0.5, breadth=0.7, margin=0.4, discount=0.2)
SETS = [list(chosen) for size in (1, 2, 3, 4) for chosen in combinations(range(NUM_CANDIDATES), size)]
MEMBERS = np.zeros((len(SETS), NUM_CANDIDATES), dtype=np.bool_)
for row, chosen in enumerate(SETS):
    MEMBERS[row, chosen] = True


@pytest.mark.parametrize("num_fixed", [0, 2])
@pytest.mark.parametrize(
    "changes",
    [
        {"size_min": 2, "size_max": 4},
        {"size_min": 2, "size_max": 4, "price_max": 900},
        {"size_min": 2, "size_max": 3, "price_min": 700, "price_max": 900},
        {"min_categories": 3},
    ],
)
def test_a_set_satisfies_the_rules_where_each_of_them_holds(
    changes: dict[str, object], num_fixed: int
) -> None:
    shortlist = make_shortlist(num_fixed=num_fixed, min_link=0.3, num_unpriced=2)
    constraints = make_rules(**changes)

    found = satisfies(shortlist, MEMBERS, constraints=constraints)

    assert found.tolist() == [is_valid(shortlist, chosen, constraints) for chosen in SETS]
    assert 0 < found.sum() < len(SETS)


@pytest.mark.parametrize("num_fixed", [0, 1, 2])
def test_any_set_of_two_or_more_has_the_score_of_the_formulas(num_fixed: int) -> None:
    shortlist, constraints = make_shortlist(num_fixed=num_fixed, num_unpriced=2), make_rules(size_max=4)
    sets = [chosen for chosen in SETS if len(chosen) > 1 and set(range(num_fixed)) <= set(chosen)]
    members = np.array([[place in chosen for place in range(NUM_CANDIDATES)] for chosen in sets])

    values = measure_sets(shortlist, members, constraints=constraints, weights=WEIGHTS)

    expected = [score_of(shortlist, chosen, constraints, WEIGHTS) for chosen in sets]
    assert np.allclose(values.score, expected)


def test_a_single_item_is_no_pair_and_bridges_nothing() -> None:
    values = measure_sets(make_shortlist(), MEMBERS[:1], constraints=make_rules(), weights=WEIGHTS)

    assert (values.coherence[0], values.breadth[0], values.weakest_link[0]) == (0, 0, 0)


def test_no_sets_have_no_values() -> None:
    values = measure_sets(make_shortlist(), MEMBERS[:0], constraints=make_rules(), weights=WEIGHTS)

    assert values.score.shape == (0,)
    assert satisfies(make_shortlist(), MEMBERS[:0], constraints=make_rules()).shape == (0,)
