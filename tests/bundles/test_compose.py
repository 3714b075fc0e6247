from itertools import combinations

import numpy as np
import pytest

from bundles.compose import compose_sets
from bundles.requests import Weights
from bundles.rules import Rules
from bundles.shortlist import Shortlist

NUM_CANDIDATES = 14


def make_shortlist(*, num_fixed: int = 0, seed: int = 0) -> Shortlist:
    rng = np.random.default_rng(seed)
    links = rng.uniform(0.1, 0.9, (NUM_CANDIDATES, NUM_CANDIDATES))
    links = (links + links.T) / 2
    np.fill_diagonal(links, 0)
    price = rng.integers(50, 900, NUM_CANDIDATES).astype(np.float64)
    return Shortlist(
        items=np.arange(100, 100 + NUM_CANDIDATES),
        num_fixed=num_fixed,
        links=links,
        user_fit=rng.uniform(0, 1, NUM_CANDIDATES),
        price=price,
        offer=price,
        cost=price / 2,
        leaf=np.arange(NUM_CANDIDATES, dtype=np.int32) // 2 + 5,
        root=np.arange(NUM_CANDIDATES, dtype=np.int32) % 4,
    )


def make_rules(**changes: object) -> Rules:
    values: dict[str, object] = {
        "anchors": (),
        "required": (),
        "banned": (),
        "cart": (),
        "size_min": 3,
        "size_max": 3,
        "price_min": None,
        "price_max": None,
        "include": None,
        "exclude": (),
        "min_categories": 1,
        "in_stock_only": True,
        "promotion": None,
    }
    return Rules(**{**values, **changes})  # type: ignore[arg-type]  # the keys are those of Rules


def all_valid_scores(shortlist: Shortlist, rules: Rules) -> dict[frozenset[int], float]:
    """By trying every set, with the formula of the score spelled out for weights 1, .5 and .3."""
    scores = {}
    for size in range(rules.size_min, rules.size_max + 1):
        for members in combinations(range(NUM_CANDIDATES), size):
            chosen = list(members)
            offer = shortlist.offer[chosen].sum()
            roots = len(set(shortlist.root[chosen].tolist()))
            if not set(range(shortlist.num_fixed)) <= set(members):
                continue
            if len(set(shortlist.leaf[chosen].tolist())) < size or roots < rules.min_categories:
                continue
            if rules.price_max is not None and offer > rules.price_max:
                continue
            if rules.price_min is not None and offer < rules.price_min:
                continue
            coherence = np.mean([shortlist.links[a, b] for a, b in combinations(chosen, 2)])
            breadth = (roots - 1) / (rules.size_max - 1)
            fit = shortlist.user_fit[chosen].mean()
            scores[frozenset(members)] = float((coherence + 0.5 * fit + 0.3 * breadth) / 1.8)
    return scores


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"size_min": 2, "size_max": 4},
        {"price_max": 700},
        {"price_min": 1800},
        {"price_min": 1200, "price_max": 1210, "size_min": 2, "size_max": 4},
        {"min_categories": 3},
    ],
)
def test_the_best_set_is_that_of_an_exhaustive_search(changes: dict[str, object], seed: int) -> None:
    shortlist, rules = make_shortlist(seed=seed), make_rules(**changes)
    expected = all_valid_scores(shortlist, rules)

    found = compose_sets(shortlist, rules, weights=Weights(), num_kept=10)

    sets = [frozenset(np.flatnonzero(row).tolist()) for row in found.members]
    assert len(set(sets)) == len(sets)
    assert {members: pytest.approx(expected[members]) for members in sets} == dict(
        zip(sets, found.values.score.tolist(), strict=True)
    )
    assert found.values.score.max() == pytest.approx(max(expected.values()))


def test_fixed_items_are_in_every_set() -> None:
    found = compose_sets(
        make_shortlist(num_fixed=2), make_rules(anchors=(100, 101)), weights=Weights(), num_kept=9
    )

    assert found.members[:, :2].all()
    assert (found.members.sum(axis=1) == 3).all()


def test_fixed_items_alone_are_a_set_where_the_size_allows() -> None:
    rules = make_rules(anchors=(100, 101), size_min=2, size_max=2)

    found = compose_sets(make_shortlist(num_fixed=2), rules, weights=Weights(), num_kept=9)

    assert [np.flatnonzero(row).tolist() for row in found.members] == [[0, 1]]


def test_nothing_is_found_where_nothing_satisfies_the_rules() -> None:
    found = compose_sets(make_shortlist(), make_rules(price_max=10), weights=Weights(), num_kept=9)

    assert len(found.members) == 0


def test_no_candidates_make_no_set() -> None:
    shortlist = make_shortlist()
    empty = Shortlist(
        items=shortlist.items[:0],
        num_fixed=0,
        links=shortlist.links[:0, :0],
        user_fit=shortlist.user_fit[:0],
        price=shortlist.price[:0],
        offer=shortlist.offer[:0],
        cost=shortlist.cost[:0],
        leaf=shortlist.leaf[:0],
        root=shortlist.root[:0],
    )

    assert len(compose_sets(empty, make_rules(), weights=Weights(), num_kept=9).members) == 0
