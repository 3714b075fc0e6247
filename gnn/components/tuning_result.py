"""What judging a model on the past leaves for its final fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gnn.components.category_links.prior import CategoryPrior
from gnn.scoring.trees import no_trees
from gnn.scoring.weights import ServedWeights


def _no_weights() -> NDArray[np.float32]:
    return np.zeros(0, dtype=np.float32)


@dataclass(frozen=True)
class Judgement:
    """What was chosen on validation, and the metrics of it."""

    num_epochs: int
    """Epochs that the final fit is to take."""
    weights: ServedWeights
    metrics: dict[str, object]
    """Empty where there was nothing to judge by."""
    warnings: list[str]
    sequence_trees: NDArray[np.uint8] = field(default_factory=no_trees)
    """The second stage of a model of sequences; of length 0 where there is none."""
    category_prior: CategoryPrior | None = None
    """Of links between categories; none where too few were bought together to learn it."""
    cold_weights: NDArray[np.float32] = field(default_factory=_no_weights)
    """Of `gnn.components.cold_items.fitting.fit_cold_weights`; of length 0 where nothing says where cold items stand."""
