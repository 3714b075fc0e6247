from __future__ import annotations

import pytest

from benchmarks.composition.exact import best_set
from bundles.compose.beam import compose_sets
from bundles.compose.sets import measure_sets, satisfies
from bundles.request.schemas import Weights
from tests.planted_shortlist import all_valid_scores, make_rules, make_shortlist

WEIGHTS = Weights(coherence=1.0, user_fit=0.5, breadth=0.3)


@pytest.mark.parametrize(
    ("num_fixed", "changes"),
    [
        (0, {"min_categories": 3}),
        (0, {"price_max": 700}),
        (0, {"price_min": 2_000, "price_max": 2_050}),
        (1, {"anchors": (100,), "size_min": 2, "size_max": 4, "price_max": 1_000}),
        (2, {"anchors": (100, 101), "size_max": 4, "min_categories": 3}),
    ],
)
def test_the_best_set_is_that_of_an_exhaustive_search_and_of_the_beam(
    num_fixed: int, changes: dict[str, object]
) -> None:
    shortlist, constraints = make_shortlist(num_fixed=num_fixed, num_unpriced=1), make_rules(**changes)
    every = all_valid_scores(shortlist, constraints, WEIGHTS)

    found = best_set(shortlist, constraints, weights=WEIGHTS)

    assert found is not None
    assert found.score == pytest.approx(max(every.values()), rel=1e-4)
    assert satisfies(shortlist, found.members[None, :], constraints=constraints).all()
    measured = measure_sets(shortlist, found.members[None, :], constraints=constraints, weights=WEIGHTS)
    assert measured.score[0] == pytest.approx(found.score)
    by_beam = compose_sets(shortlist, constraints, weights=WEIGHTS, num_kept=1)
    assert by_beam.values.score.max() == pytest.approx(found.score, rel=1e-4)


def test_where_no_set_satisfies_the_rules_there_is_none() -> None:
    assert best_set(make_shortlist(), make_rules(price_max=1), weights=WEIGHTS) is None


def test_weights_of_objectives_that_are_not_linear_are_refused() -> None:
    with pytest.raises(ValueError, match="margin and discount"):
        best_set(make_shortlist(), make_rules(), weights=Weights(margin=1.0))
