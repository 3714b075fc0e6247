"""The best bundles of a whole catalogue: some around each anchor, and a choice that shows none too often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bundles.present.answers import GeneratedBundle
from bundles.recommender import Recommender
from bundles.request.schemas import MAX_SEQUENCE, Constraints, GenerateRequest, SizeRange

#: An anchor has this many bundles to choose from.
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
    """The best `per_anchor` bundles around each anchor, for nobody in particular, with their reasons.

    Raises:
        RequestError: If an anchor is in `constraints.items_exclude`, or not in the catalogue.
    """
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


def shown_enough(chosen: Iterable[GeneratedBundle], *, max_exposure: int) -> list[str]:
    """Items that may be in no further bundle, those in most first; as many as a request may exclude."""
    times = Counter(item.item_id for bundle in chosen for item in bundle.items)
    return [item_id for item_id, count in times.most_common(MAX_SEQUENCE) if count >= max_exposure]


def default_exposure(count: int) -> int:
    """How many of `count` bundles an item may be in."""
    return max(LEAST_EXPOSURE, round(EXPOSURE_SHARE * count))
