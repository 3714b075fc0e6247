"""What a front is searched from: candidates, and good sets of them that composing finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bundles.compose.beam import compose_sets
from bundles.compose.composer import Composer
from bundles.compose.pareto.requests import ObjectiveName
from bundles.compose.pareto.values import equal_weights
from bundles.compose.sets import satisfies
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import Rules
from bundles.request.reader import Asked
from bundles.rules.offering import settled_members

#: Sets of the beam search that the front is searched from; the rest of the first population is random.
NUM_KNOWN = 50


def broad_shortlist(
    composer: Composer, asked: Asked, objectives: tuple[ObjectiveName, ...]
) -> Shortlist | None:
    """The candidates of a request, with some of other categories where breadth is an objective.

    None where a fixed item fails what every item must satisfy.
    """
    rules = asked.rules
    if "breadth" in objectives:
        # What the search for candidates looks for under this rule is what breadth is made of.
        rules = replace(rules, min_categories=max(rules.min_categories, 2))
    return composer.shortlist(rules, asked.wish)


def known_sets(
    shortlist: Shortlist, rules: Rules, objectives: tuple[ObjectiveName, ...]
) -> NDArray[np.bool_]:
    """Sets to search from, [K, P]: those that the merchandiser settled, and about `NUM_KNOWN` of beam search.

    These are the best on all objectives alike, and on each alone; none where no set satisfies the rules.
    """
    settled = settled_members(rules.decided, shortlist.items)
    found = [settled[satisfies(shortlist, settled, rules=rules)]]
    count = NUM_KNOWN // (len(objectives) + 1)
    for names in (objectives, *((name,) for name in objectives)):
        sets = compose_sets(shortlist, rules, weights=equal_weights(names), num_kept=count)
        found.append(sets.members[np.argsort(-sets.values.score, kind="stable")[:count]])
    members: NDArray[np.bool_] = np.concatenate(found)
    _, first = np.unique(members, axis=0, return_index=True)
    return members[np.sort(first)]
