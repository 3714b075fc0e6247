"""Sparse rows, an item each: what an item says of others, as columns. NumPy alone: serving runs it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Weights that are gathered at once: 20 bytes each.
_MAX_GATHERED = 8_000_000


@dataclass(frozen=True)
class SparseRows:
    """Row i of a matrix [num_ranked, num_ranked] is `indptr[i]:indptr[i + 1]` of the other columns."""

    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """Ranked index, ascending in a row."""
    weight: NDArray[np.float32]

    @property
    def num_ranked(self) -> int:
        """Rows, and columns."""
        return len(self.indptr) - 1

    def weighted_sums(
        self,
        items: NDArray[np.integer],
        *,
        weights: NDArray[np.floating],
        queries: NDArray[np.integer],
        num_queries: int,
    ) -> NDArray[np.float32]:
        """Σ over the entries of a query of weight · row of its item, [num_queries, num_ranked].

        Args:
            items: Ranked index of each entry, [num_entries].
            weights: [num_entries].
            queries: The query that each entry belongs to, ascending, [num_entries].
            num_queries: Rows of the answer; a query without entries has zeros.
        """
        sums = np.zeros(num_queries * self.num_ranked, dtype=np.float32)
        lengths = self.indptr[np.asarray(items) + 1] - self.indptr[items]
        ends = np.cumsum(lengths)
        start = 0
        while start < len(items):
            # At least one entry, and as many as are gathered at once.
            before = ends[start] - lengths[start]
            stop = max(int(np.searchsorted(ends, before + _MAX_GATHERED, side="right")), start + 1)
            part = slice(start, stop)
            first = ends[part] - lengths[part] - before
            place = np.arange(int(lengths[part].sum())) + np.repeat(
                self.indptr[items[part]] - first, lengths[part]
            )
            target = np.repeat(queries[part].astype(np.int64) * self.num_ranked, lengths[part])
            target += self.item[place]
            lowest, highest = int(target.min(initial=0)), int(target.max(initial=-1))
            said = np.repeat(weights[part], lengths[part]) * self.weight[place]
            if len(said):
                sums[lowest : highest + 1] += np.bincount(target - lowest, said)
            start = stop
        return sums.reshape(num_queries, self.num_ranked)
