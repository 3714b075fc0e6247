"""The part of an artifact that says which items replace each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Substitutes:
    """Groups of items that replace each other, and pairs that the groups do not tell. Rows are item indices.

    Groups keep large product types small: the pairs of a type of n items are n² / 2.
    """

    variant: NDArray[np.int32]
    """Items of equal code are one product in another size, flavour or colour, -1 for none, [num_items]."""
    product_type: NDArray[np.int32]
    """Items of equal code do the same job, -1 for none, [num_items]."""
    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """The other item of each further pair, both directions, ascending within a row."""
    score: NDArray[np.float32]
    """How sure it is that the pair are substitutes, in (0, 1]; 0 for items of one group that go together."""

    @classmethod
    def none(cls, num_items: int) -> Substitutes:
        """None of `num_items` replaces another."""
        return cls(
            np.full(num_items, -1, dtype=np.int32),
            np.full(num_items, -1, dtype=np.int32),
            np.zeros(num_items + 1, dtype=np.int64),
            np.zeros(0, dtype=np.int32),
            np.zeros(0, dtype=np.float32),
        )
