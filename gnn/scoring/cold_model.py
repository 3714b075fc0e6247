"""Cold items as columns of an artifact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.cold_items import GROUPS, ColdItems


@dataclass(frozen=True)
class ColdModel(ColdItems):
    """Items that nobody bought and that have a place in answers.

    Ranked indices count the ranked and the cold items together, by ascending item index.
    """

    item: NDArray[np.int32]
    """Item index of each cold item, ascending, [num_cold]."""

    @classmethod
    def none(cls) -> ColdModel:
        """Of a shop without cold items, or without a way to know where they stand."""
        nothing = np.zeros(0, dtype=np.int32)
        return cls(
            item=nothing,
            place=nothing,
            sibling=np.zeros((1, 0, 0), dtype=np.int32),
            sibling_weight=np.zeros((1, 0, 0), dtype=np.float32),
            group=np.zeros((len(GROUPS), 0), dtype=np.int32),
            ranked_group=np.zeros((len(GROUPS), 0), dtype=np.int32),
            weights=np.zeros(0, dtype=np.float32),
        )
