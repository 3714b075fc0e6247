"""The start of a Pareto search: candidates, and good sets of them that beam search finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bundles.compose.beam import compose_sets
from bundles.compose.composer import Composer
from bundles.compose.sets import equal_weights, satisfies
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints
from bundles.request.resolve import ResolvedRequest
from bundles.request.schemas import ObjectiveName

#: Sets of beam search in the first population; the others are random.
NUM_KNOWN = 50


def broad_shortlist(
    composer: Composer, resolved: ResolvedRequest, objectives: tuple[ObjectiveName, ...]
) -> Shortlist | None:
    """The candidates of a request, with some of other categories where breadth is an objective.

    None if a fixed item violates a constraint on every item.
    """
    constraints = resolved.constraints
    if "breadth" in objectives:
        # Under this constraint, candidates of other categories are added.
        constraints = replace(constraints, min_categories=max(constraints.min_categories, 2))
    return composer.shortlist(constraints, resolved.preference)


def known_sets(
    shortlist: Shortlist, constraints: BundleConstraints, objectives: tuple[ObjectiveName, ...]
) -> NDArray[np.bool_]:
    """Sets to search from, [K, P]: the curated bundles, and about `NUM_KNOWN` sets of beam search.

    The latter are the best for equal weights of all objectives, and for each objective alone. Empty if no set
    satisfies the constraints.
    """
    curated = constraints.rules.curated_members(shortlist.items)
    found = [curated[satisfies(shortlist, curated, constraints=constraints)]]
    count = NUM_KNOWN // (len(objectives) + 1)
    for names in (objectives, *((name,) for name in objectives)):
        sets = compose_sets(shortlist, constraints, weights=equal_weights(names), num_kept=count)
        found.append(sets.members[np.argsort(-sets.values.score, kind="stable")[:count]])
    members: NDArray[np.bool_] = np.concatenate(found)
    _, first = np.unique(members, axis=0, return_index=True)
    return members[np.sort(first)]
