"""Small random shortlists, and what every set of one is worth by the formulas written out."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints
from bundles.request.schemas import Weights

NUM_CANDIDATES = 14
NUM_ROOTS = 4


def make_shortlist(
    *, num_fixed: int = 0, seed: int = 0, min_link: float = 0.0, num_unpriced: int = 0
) -> Shortlist:
    """Items 2k and 2k + 1 are substitutes; links are evenly spread between .1 and .9, about .5.

    The last `num_unpriced` have no price; the last of all has no category.
    """
    rng = np.random.default_rng(seed)
    links = rng.uniform(0.1, 0.9, (NUM_CANDIDATES, NUM_CANDIDATES))
    links = (links + links.T) / 2
    np.fill_diagonal(links, 0)
    price = rng.integers(50, 900, NUM_CANDIDATES).astype(np.float64)
    price[NUM_CANDIDATES - num_unpriced :] = np.nan
    place = np.arange(NUM_CANDIDATES)
    root = (place % NUM_ROOTS).astype(np.int32)
    root[-1] = -1
    of_roots = rng.uniform(0.3, 0.9, (NUM_ROOTS, NUM_ROOTS))
    of_roots = (of_roots + of_roots.T) / 2
    np.fill_diagonal(of_roots, 0)
    category_strength = np.where((root[:, None] >= 0) & (root >= 0), of_roots[root[:, None], root], 0.0)
    is_substitute = place[:, None] // 2 == place // 2
    is_conflict = is_substitute & ((place[:, None] >= num_fixed) | (place >= num_fixed))
    is_conflict |= links < min_link
    np.fill_diagonal(is_conflict, False)
    return Shortlist(
        items=100 + place,
        num_fixed=num_fixed,
        links=links,
        category_strength=category_strength,
        is_substitute=is_substitute,
        is_conflict=is_conflict,
        user_fit=rng.uniform(0, 1, NUM_CANDIDATES),
        price=price,
        offer=np.floor(price * 0.9),
        cost=price / 2,
        root=root,
    )


def make_rules(**changes: object) -> BundleConstraints:
    """Three items, and nothing else."""
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
    return BundleConstraints(**{**values, **changes})  # type: ignore[arg-type]  # the keys are those of BundleConstraints


def all_valid_scores(
    shortlist: Shortlist, constraints: BundleConstraints, weights: Weights
) -> dict[frozenset[int], float]:
    """The score of every set that satisfies `constraints`, by trying each."""
    return {
        frozenset(chosen): score_of(shortlist, list(chosen), constraints, weights)
        for size in range(constraints.size_min, constraints.size_max + 1)
        for chosen in combinations(range(NUM_CANDIDATES), size)
        if is_valid(shortlist, list(chosen), constraints)
    }


def is_valid(shortlist: Shortlist, chosen: list[int], constraints: BundleConstraints) -> bool:
    """Whether the candidates `chosen` satisfy `constraints`, one condition after the other."""
    offer = shortlist.offer[chosen].sum()
    roots = set(shortlist.root[chosen].tolist()) - {-1}
    return (
        constraints.size_min <= len(chosen) <= constraints.size_max
        and set(range(shortlist.num_fixed)) <= set(chosen)
        and not any(shortlist.is_conflict[a, b] for a, b in combinations(chosen, 2))
        and len(roots) >= (constraints.min_categories if constraints.min_categories > 1 else 0)
        and (constraints.price_max is None or bool(offer <= constraints.price_max))
        and (constraints.price_min is None or bool(offer >= constraints.price_min))
    )


def score_of(
    shortlist: Shortlist, chosen: list[int], constraints: BundleConstraints, weights: Weights
) -> float:
    """The weighted mean of the objectives of the candidates `chosen`, two or more."""
    pairs = list(combinations(chosen, 2))
    links = [shortlist.links[pair] for pair in pairs]
    category_strength = [
        shortlist.category_strength[a, b] for a, b in pairs if shortlist.category_strength[a, b] > 0
    ]
    added = [place for place in chosen if place >= shortlist.num_fixed]
    roots = set(shortlist.root[chosen].tolist()) - {-1}
    offer, cost = shortlist.offer[chosen].sum(), shortlist.cost[chosen].sum()
    is_priced = not np.isnan(offer)
    objectives = {
        "coherence": (np.mean(links) + min(links)) / 2,
        "user_fit": np.mean(shortlist.user_fit[added]) if added else 0.0,
        "breadth": max(len(roots) - 1, 0)
        / (constraints.size_max - 1)
        * (np.mean(category_strength) if category_strength else 0.0),
        "margin": (offer - cost) / offer if is_priced else 0.0,
        "discount": 1 - offer / shortlist.price[chosen].sum() if is_priced else 0.0,
    }
    by_name = weights.model_dump()
    total = sum(by_name[name] * value for name, value in objectives.items())
    return float(total / sum(by_name.values()))
