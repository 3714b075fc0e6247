"""The columns of an artifact that rank the next item of an ordered history (`gnn.sequence`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.trees import no_trees


@dataclass(frozen=True)
class SequenceModel:
    """What `SequenceEvidence` has beyond `ItemModel` and the catalogue, column by column, and its trees.

    Rows are ranked indices. None are ranked where there is no model.
    """

    ease_indptr: NDArray[np.int64]
    ease_item: NDArray[np.int32]
    ease_weight: NDArray[np.float32]
    near_indptr: NDArray[np.int64]
    near_item: NDArray[np.int32]
    near_weight: NDArray[np.float32]
    back_indptr: NDArray[np.int64]
    back_item: NDArray[np.int32]
    back_weight: NDArray[np.float32]
    wide_indptr: NDArray[np.int64]
    wide_item: NDArray[np.int32]
    wide_weight: NDArray[np.float32]
    by_step: NDArray[np.float32]
    """[num_heads, S]"""
    by_item: NDArray[np.float32]
    """[num_ranked, num_heads]"""
    by_age: NDArray[np.float32]
    """[num_heads], as is `power`."""
    power: NDArray[np.float32]
    events: NDArray[np.int64]
    """[num_ranked], as is `last_events`."""
    last_events: NDArray[np.int64]
    trees: NDArray[np.uint8]
    """`gnn.scoring.trees.Ranker`; of length 0 where stage one stands."""

    @classmethod
    def none(cls) -> SequenceModel:
        """Of a shop whose data is no sequences."""
        indptr, item = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32)
        weight, table = np.zeros(0, dtype=np.float32), np.zeros((0, 0), dtype=np.float32)
        return cls(
            ease_indptr=indptr,
            ease_item=item,
            ease_weight=weight,
            near_indptr=indptr,
            near_item=item,
            near_weight=weight,
            back_indptr=indptr,
            back_item=item,
            back_weight=weight,
            wide_indptr=indptr,
            wide_item=item,
            wide_weight=weight,
            by_step=table,
            by_item=table,
            by_age=weight,
            power=weight,
            events=np.zeros(0, dtype=np.int64),
            last_events=np.zeros(0, dtype=np.int64),
            trees=no_trees(),
        )

    @property
    def is_fitted(self) -> bool:
        """True where it ranks."""
        return len(self.events) > 0
