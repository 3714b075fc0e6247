"""What an export shows of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bundles.present.answers import GeneratedBundle
from gnn.evaluation.exposure import coverage, exposures, gini


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
        max_exposure=int(exposures(shown, len(item_ids)).max(initial=0)),
        gini=gini(shown, len(item_ids)),
    )
