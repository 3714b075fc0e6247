import numpy as np
import pytest

from bundles.compose.beam import compose_sets
from bundles.compose.sets import measure_sets, satisfies
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints
from bundles.request.schemas import Weights
from tests.planted_shortlist import all_valid_scores, make_rules, make_shortlist

EVEN = Weights(coherence=1, user_fit=1, breadth=1, margin=1, discount=1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weights", [Weights(), EVEN])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"size_min": 2, "size_max": 4},
        {"price_max": 700},
        {"price_min": 1500},
        {"price_min": 1100, "price_max": 1110, "size_min": 2, "size_max": 4},
        {"min_categories": 3},
    ],
)
def test_the_best_set_is_that_of_an_exhaustive_search(
    changes: dict[str, object], weights: Weights, seed: int
) -> None:
    shortlist, constraints = make_shortlist(seed=seed), make_rules(**changes)
    expected = all_valid_scores(shortlist, constraints, weights)

    found = compose_sets(shortlist, constraints, weights=weights, num_kept=10)

    sets = [frozenset(np.flatnonzero(row).tolist()) for row in found.members]
    assert len(set(sets)) == len(sets)
    assert {members: pytest.approx(expected[members]) for members in sets} == dict(
        zip(sets, found.values.score.tolist(), strict=True)
    )
    assert found.values.score.max() == pytest.approx(max(expected.values()))


@pytest.mark.parametrize("num_fixed", [0, 1, 2, 3])
def test_the_sums_of_the_search_equal_the_exact_measures(num_fixed: int) -> None:
    shortlist = make_shortlist(num_fixed=num_fixed, num_unpriced=3, min_link=0.2)
    constraints = make_rules(size_min=2, size_max=5)

    found = compose_sets(shortlist, constraints, weights=EVEN, num_kept=50)

    assert len(found.members) > 30
    assert satisfies(shortlist, found.members, constraints=constraints).all()
    measured = measure_sets(shortlist, found.members, constraints=constraints, weights=EVEN)
    for name in ("coherence", "user_fit", "breadth", "margin", "discount", "score", "weakest_link"):
        assert np.allclose(getattr(found.values, name), getattr(measured, name), equal_nan=True), name


def test_no_pair_is_linked_below_min_link() -> None:
    shortlist = make_shortlist(min_link=0.5)

    found = compose_sets(shortlist, make_rules(), weights=Weights(), num_kept=50)

    assert len(found.members)
    assert (found.values.weakest_link >= 0.5).all()


def test_fixed_items_are_in_every_set() -> None:
    found = compose_sets(
        make_shortlist(num_fixed=2), make_rules(anchors=(100, 101)), weights=Weights(), num_kept=9
    )

    assert found.members[:, :2].all()
    assert (found.members.sum(axis=1) == 3).all()


def test_fixed_items_alone_are_a_set_where_the_size_allows() -> None:
    constraints = make_rules(anchors=(100, 101), size_min=2, size_max=2)

    found = compose_sets(make_shortlist(num_fixed=2), constraints, weights=Weights(), num_kept=9)

    assert [np.flatnonzero(row).tolist() for row in found.members] == [[0, 1]]


@pytest.mark.parametrize(
    ("shortlist", "constraints"),
    [
        (make_shortlist(), make_rules(price_max=10)),
        (make_shortlist(num_fixed=2, min_link=0.99), make_rules(anchors=(100, 101), size_min=2)),
    ],
)
def test_nothing_is_found_where_nothing_satisfies_the_rules(
    shortlist: Shortlist, constraints: BundleConstraints
) -> None:
    assert len(compose_sets(shortlist, constraints, weights=Weights(), num_kept=9).members) == 0


def test_no_candidates_make_no_set() -> None:
    shortlist = make_shortlist()
    nothing = shortlist.items[:0]
    empty = Shortlist(
        items=nothing,
        num_fixed=0,
        links=shortlist.links[:0, :0],
        category_strength=shortlist.category_strength[:0, :0],
        is_substitute=shortlist.is_substitute[:0, :0],
        is_conflict=shortlist.is_conflict[:0, :0],
        user_fit=shortlist.user_fit[:0],
        price=shortlist.price[:0],
        offer=shortlist.offer[:0],
        cost=shortlist.cost[:0],
        root=shortlist.root[:0],
    )

    assert len(compose_sets(empty, make_rules(), weights=Weights(), num_kept=9).members) == 0
