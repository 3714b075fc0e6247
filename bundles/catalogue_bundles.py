"""The best bundles of a whole catalogue: some around each anchor, and a choice that shows none too often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bundles.answers import GeneratedBundle
from bundles.recommender import Recommender
from bundles.requests import Constraints, GenerateRequest, SizeRange
from gnn.evaluation.exposure import coverage, gini

#: An anchor has this many bundles to choose from, more where the anchors are few.
PER_ANCHOR = 2
#: An item is in at most this share of the bundles, and never held to fewer than `LEAST_EXPOSURE`.
EXPOSURE_SHARE, LEAST_EXPOSURE = 0.01, 5


@dataclass(frozen=True)
class ExportFigures:
    """What an export shows of the catalogue."""

    num_bundles: int
    num_items: int
    """Items of the catalogue that may be sold: in stock, priced where any is, and not banned."""
    coverage: float
    """Share of them in at least one bundle."""
    max_exposure: int
    """Bundles that the item in most of them is in."""
    gini: float
    """Of how many bundles each of them is in (`gnn.evaluation.exposure`)."""


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


def figures_of(chosen: Sequence[GeneratedBundle], item_ids: Sequence[str]) -> ExportFigures:
    """What `chosen` shows of the items `item_ids`."""
    place = {item_id: position for position, item_id in enumerate(item_ids)}
    shown = np.array(
        [place[item.item_id] for bundle in chosen for item in bundle.items if item.item_id in place],
        dtype=np.int64,
    )[np.newaxis]
    return ExportFigures(
        num_bundles=len(chosen),
        num_items=len(item_ids),
        coverage=coverage(shown, len(item_ids)),
        max_exposure=int(np.bincount(shown[0]).max(initial=0)),
        gini=gini(shown, len(item_ids)),
    )
