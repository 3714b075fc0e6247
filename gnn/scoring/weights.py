"""What is chosen on validation and served: weights of the two stages of an item score, and of links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.link_calibration import LinkCalibration
from gnn.scoring.trees import no_trees

#: Where nothing can be fitted, and where fitting begins: a blend that was measured on groceries.
DEFAULT_BLEND = {"gnn": 1.0, "ease": 8.0, "bought": 1.0, "known": 1.0, "share": 1.0, "recency": 0.5}
DEFAULT_LINK = {"intercept": 0.0, "gnn": 1.0, "ease": 8.0}


@dataclass(frozen=True)
class ServedWeights:
    """Weights of `gnn.scoring.item_scorer`, `gnn.scoring.reranker` and `gnn.companions`."""

    ease_top_k: int
    """EASE weights that are kept a row."""
    blend: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_BLEND))
    link: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_LINK))
    link_calibration: LinkCalibration = field(default_factory=LinkCalibration)
    trees: NDArray[np.uint8] = field(default_factory=no_trees)
    """Of `gnn.components.boosted_trees.fit_ranker`; of length 0 where the blend is served as it is."""
    trees_weight: float = 0.0
    companion_trees: NDArray[np.uint8] = field(default_factory=no_trees)
    """Of `gnn.components.co_basket`; of length 0 where there are none."""
    shortlist_size: int = 0

    def to_config(self) -> dict[str, object]:
        """What of it is kept in `ArtifactInfo.config`."""
        return {
            "blend": dict(self.blend),
            "link": dict(self.link),
            "link_calibration": self.link_calibration.to_config(),
            "ease_top_k": self.ease_top_k,
            "trees_weight": self.trees_weight,
            "shortlist_size": self.shortlist_size,
        }


def without_trees(weights: ServedWeights) -> ServedWeights:
    """The first stage of `weights` alone."""
    return replace(weights, trees=no_trees(), trees_weight=0.0, shortlist_size=0)
