"""The best bundles of a whole catalogue: some around each anchor, and a choice that shows none too often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bundles.answers import GeneratedBundle
from bundles.recommender import Recommender
from bundles.requests import Constraints, GenerateRequest, SizeRange

#: An anchor has this many bundles to choose from, more where the anchors are few.
PER_ANCHOR = 2
#: An item is in at most this share of the bundles, and never held to fewer than `LEAST_EXPOSURE`.
EXPOSURE_SHARE, LEAST_EXPOSURE = 0.01, 5


def bundles_around(
    recommender: Recommender,
    anchors: Sequence[str],
    *,
    per_anchor: int,
    size: SizeRange,
    constraints: Constraints,
) -> list[GeneratedBundle]:
    """The best `per_anchor` bundles around each anchor, for nobody in particular, with their reasons."""
    return [
        bundle
        for anchor in anchors
        for bundle in recommender.generate(
            GenerateRequest(anchors=(anchor,), n=per_anchor, size=size, constraints=constraints)
        ).bundles
    ]


def choose_bundles(
    found: Iterable[GeneratedBundle], *, count: int, max_exposure: int
) -> list[GeneratedBundle]:
    """At most `count` of `found`, each set once, ranked from 1; an item is in at most `max_exposure` of them.

    Greedy by score; what the merchandiser pinned stands first, and is held to no exposure.
    """
    distinct = {bundle.bundle_id: bundle for bundle in found}
    ordered = sorted(
        distinct.values(),
        key=lambda bundle: (bundle.decision != "pinned", -bundle.score, bundle.bundle_id),
    )
    times: Counter[str] = Counter()
    chosen: list[GeneratedBundle] = []
    for bundle in ordered:
        held = [item.item_id for item in bundle.items]
        if len(chosen) == count:
            break
        if bundle.decision == "pinned" or all(times[item_id] < max_exposure for item_id in held):
            chosen.append(bundle.model_copy(update={"rank": len(chosen) + 1}))
            times.update(held)
    return chosen


def default_exposure(count: int) -> int:
    """How many of `count` bundles an item may be in."""
    return max(LEAST_EXPOSURE, round(EXPOSURE_SHARE * count))
