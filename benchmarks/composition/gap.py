"""The gap of beam search to the best set, by integer programming over few candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np

from benchmarks.composition.anchored import AnchoredBaskets
from benchmarks.composition.exact import best_set
from benchmarks.composition.ours import Ours
from benchmarks.results import markdown_table
from bundles.compose.beam import ComposedSets, compose_sets
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints
from bundles.request.schemas import Constraints, GenerateRequest, SizeRange, Weights

NUM_CANDIDATES = 24
NUM_CASES = 25

#: HiGHS stops at a relative gap of 1e-4.
_SAME = 1e-4

_FOUR = SizeRange(min=4, max=4)


#: Sizes and constraints of requests by name; sizes count the anchor, prices are in the shop's currency.
CASES: Mapping[str, tuple[SizeRange, Constraints]] = {
    "sizes 2 to 4": (SizeRange(min=2, max=4), Constraints()),
    "size 4": (_FOUR, Constraints()),
    "size 4, 3 departments": (_FOUR, Constraints(min_categories=3)),
    "size 4, at most 10": (_FOUR, Constraints(price_max=10)),
    "size 4, 12 to 14": (_FOUR, Constraints(price_min=12, price_max=14)),
}


@dataclass(frozen=True)
class Search:
    """The arguments of one search."""

    shortlist: Shortlist
    constraints: BundleConstraints
    weights: Weights


def gap_table(ours: Ours, baskets: AnchoredBaskets) -> list[str]:
    """The lines of a table: how often beam search finds the best set, and its gap in score."""
    rows = []
    for name, (sizes, constraints) in CASES.items():
        requests = [
            ours.request(baskets, query, sizes=sizes, constraints=constraints)
            for query in range(min(NUM_CASES, len(baskets)))
        ]
        gaps = [gap(first_candidates(searched, NUM_CANDIDATES)) for searched in searches(ours, requests)]
        rows.append([name, *_summary([each for each in gaps if each is not None])])
    return [
        f"**Beam search beside the exact optimum (HiGHS), {NUM_CANDIDATES} candidates around an anchor**",
        "",
        *markdown_table(
            ["constraints", "requests with a bundle", "found the best", "mean gap in score", "largest gap"],
            rows,
        ),
    ]


def searches(ours: Ours, requests: Sequence[GenerateRequest]) -> list[Search]:
    """The searches of the composer for `requests`; one request may cause none, one or several."""
    recommender = ours.recommender()
    found: list[Search] = []

    def record(
        shortlist: Shortlist, constraints: BundleConstraints, *, weights: Weights, num_kept: int
    ) -> ComposedSets:
        found.append(Search(shortlist, constraints, weights))
        return compose_sets(shortlist, constraints, weights=weights, num_kept=num_kept)

    with mock.patch("bundles.compose.composer.compose_sets", record):
        for request in requests:
            recommender.generate(request)
    return found


def gap(search: Search) -> float | None:
    """Best score minus that of beam search; none where no set satisfies the constraints.

    Raises:
        ValueError: If only one of the two finds a set.
    """
    exact = best_set(search.shortlist, search.constraints, weights=search.weights)
    found = compose_sets(search.shortlist, search.constraints, weights=search.weights, num_kept=1)
    if exact is None and not len(found.members):
        return None
    if exact is None or not len(found.members):
        raise ValueError(f"expected both or neither to find a set, found {exact} and {len(found.members)}")
    return max(exact.score - float(found.values.score.max()), 0.0)


def first_candidates(search: Search, count: int) -> Search:
    """The same search of the first `count` candidates."""
    columns = {
        name: values[:count, :count] if values.ndim == 2 else values[:count]
        for name, values in vars(search.shortlist).items()
        if isinstance(values, np.ndarray)
    }
    return replace(search, shortlist=replace(search.shortlist, **columns))  # type: ignore[arg-type]  # arrays alone


def _summary(gaps: Sequence[float]) -> list[str]:
    if not gaps:
        return ["0", "–", "–", "–"]
    found = np.array(gaps)
    return [str(len(found)), f"{(found < _SAME).mean():.3f}", f"{found.mean():.5f}", f"{found.max():.5f}"]
