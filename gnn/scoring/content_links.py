"""The part of an artifact that links new items to what they are like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ContentLinks:
    """The items, bought or not, that are most like an item that nobody bought: a row an item index."""

    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """The most alike first, the more bought first among equals."""
    lift: NDArray[np.float32]
    """How many times as often as by chance bought pairs as alike are in one basket, above 1."""

    @classmethod
    def none(cls, num_items: int) -> ContentLinks:
        """No link of any of `num_items`."""
        return cls(
            np.zeros(num_items + 1, dtype=np.int64),
            np.zeros(0, dtype=np.int32),
            np.zeros(0, dtype=np.float32),
        )
