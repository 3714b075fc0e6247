"""The best bundles of a whole catalogue: a few for each anchor, selected with limited item exposure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bundles.present.answers import GeneratedBundle
from bundles.recommender import Recommender
from bundles.request.schemas import MAX_SEQUENCE, Constraints, GenerateRequest, SizeRange

#: Bundles composed for each anchor.
PER_ANCHOR = 2
#: An item is in at most this share of the bundles, but `MIN_EXPOSURE` are always allowed.
EXPOSURE_SHARE, MIN_EXPOSURE = 0.01, 5


def bundles_around(
    recommender: Recommender,
    anchors: Sequence[str],
    *,
    per_anchor: int,
    size: SizeRange,
    constraints: Constraints,
) -> list[GeneratedBundle]:
    """The best `per_anchor` bundles for each anchor, without a visitor, with their reasons.

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
    """At most `count` distinct bundles, ranked from 1, with an item in at most `max_exposure` of them.

    Greedy by score. Pinned bundles come first, and the limit does not apply to them.
    """
    distinct = {bundle.bundle_id: bundle for bundle in found}
    ordered = sorted(
        distinct.values(), key=lambda bundle: (bundle.decision != "pinned", -bundle.score, bundle.bundle_id)
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


def exhausted_items(chosen: Iterable[GeneratedBundle], *, max_exposure: int) -> list[str]:
    """Items that have reached `max_exposure`, most exposed first; as many as a request may exclude."""
    times = Counter(item.item_id for bundle in chosen for item in bundle.items)
    return [item_id for item_id, count in times.most_common(MAX_SEQUENCE) if count >= max_exposure]


def default_exposure(count: int) -> int:
    """Default limit of the bundles, out of `count`, that one item may be in."""
    return max(MIN_EXPOSURE, round(EXPOSURE_SHARE * count))
