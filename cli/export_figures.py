"""Figures of an export: catalogue coverage and item exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bundles.present.answers import GeneratedBundle
from gnn.evaluation.measuring import coverage, exposures, gini


@dataclass(frozen=True)
class ExportFigures:
    """Catalogue coverage and item exposure of an export."""

    num_bundles: int
    num_items: int
    """Items that can be sold: in stock, priced (if the shop gives prices), not banned."""
    coverage: float
    """Share of them in at least one bundle."""
    max_exposure: int
    """Bundles that hold the most exposed item."""
    gini: float
    """Gini coefficient of the number of bundles that each item is in (`gnn.evaluation.measuring`)."""


def figures_of(chosen: Sequence[GeneratedBundle], item_ids: Sequence[str]) -> ExportFigures:
    """The figures of `chosen` over the items `item_ids`."""
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
