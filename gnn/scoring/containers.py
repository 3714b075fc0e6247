"""Containers of arrays: compressed sparse rows, and a column of texts. Both can be memory-mapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Weights that `Csr.weighted_sums` gathers at once, 20 bytes each.
_MAX_GATHERED = 8_000_000


def zeros_field(dtype: type[np.generic], *shape: int) -> Any:
    """A dataclass field whose default is an array of zeros, of length 0 where no `shape` is given."""
    return field(default_factory=lambda: np.zeros(shape or 0, dtype=dtype))


@dataclass(frozen=True)
class Csr:
    """A sparse matrix: row i is the slice `indptr[i]:indptr[i + 1]` of `indices` and `values`.

    `Csr()` has no rows. A row beyond the last is empty, so `Csr()` stands for any matrix without entries.
    """

    indptr: NDArray[np.int64] = zeros_field(np.int64, 1)
    """[num_rows + 1]"""
    indices: NDArray[np.int32] = zeros_field(np.int32)
    """Columns, [num_entries]; their order within a row is up to the component."""
    values: NDArray[np.floating] = zeros_field(np.float32)
    """[num_entries]"""

    @classmethod
    def from_entries(
        cls,
        rows: NDArray[np.integer],
        columns: NDArray[np.integer],
        values: NDArray[np.floating],
        *,
        num_rows: int,
    ) -> Csr:
        """Entries whose `rows` ascend, each [num_entries]; their order within a row is kept."""
        counts = np.bincount(rows, minlength=num_rows)
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(indptr, np.asarray(columns, dtype=np.int32), values)

    @property
    def num_rows(self) -> int:
        """Rows, empty ones included."""
        return len(self.indptr) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Entries of each row, [num_rows]."""
        return np.diff(self.indptr)

    def entries(self, row: int) -> slice:
        """The entries of one row."""
        if row >= self.num_rows:
            return slice(0, 0)
        return slice(int(self.indptr[row]), int(self.indptr[row + 1]))

    def row(self, row: int) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
        """Columns and values of one row."""
        entries = self.entries(row)
        return self.indices[entries], self.values[entries]

    def row_sums(
        self, rows: NDArray[np.integer], weights: NDArray[np.floating], *, num_columns: int
    ) -> NDArray[np.float64]:
        """Σ_r weight_r · row r over a few `rows`, [num_columns]."""
        if not len(rows):
            return np.zeros(num_columns)
        slices = [self.entries(row) for row in rows.tolist()]
        columns = np.concatenate([self.indices[entries] for entries in slices])
        weighted = np.concatenate(
            [weight * self.values[entries] for weight, entries in zip(weights, slices, strict=True)]
        )
        return np.bincount(columns, weighted, minlength=num_columns).astype(np.float64)

    def weighted_sums(
        self,
        rows: NDArray[np.integer],
        *,
        weights: NDArray[np.floating],
        queries: NDArray[np.integer],
        num_queries: int,
    ) -> NDArray[np.float32]:
        """Σ of weight · row over the entries of each query, for a square matrix, [num_queries, num_rows].

        Args:
            rows: A row for each entry, [num_entries].
            weights: [num_entries].
            queries: The query of each entry, ascending, [num_entries].
            num_queries: Rows of the result; a query without entries has zeros.
        """
        sums = np.zeros(num_queries * self.num_rows, dtype=np.float32)
        lengths = self.indptr[np.asarray(rows) + 1] - self.indptr[rows]
        ends = np.cumsum(lengths)
        start = 0
        while start < len(rows):
            # At least one entry, and as many as are gathered at once.
            before = ends[start] - lengths[start]
            stop = max(int(np.searchsorted(ends, before + _MAX_GATHERED, side="right")), start + 1)
            part = slice(start, stop)
            first = ends[part] - lengths[part] - before
            place = np.arange(int(lengths[part].sum())) + np.repeat(
                self.indptr[rows[part]] - first, lengths[part]
            )
            target = np.repeat(queries[part].astype(np.int64) * self.num_rows, lengths[part])
            target += self.indices[place]
            lowest, highest = int(target.min(initial=0)), int(target.max(initial=-1))
            products = np.repeat(weights[part], lengths[part]) * self.values[place]
            if len(products):
                sums[lowest : highest + 1] += np.bincount(target - lowest, products)
            start = stop
        return sums.reshape(num_queries, self.num_rows)


class TextColumn(Sequence[str]):
    """Immutable texts as one UTF-8 blob and offsets, so that a column can be memory-mapped."""

    def __init__(self, blob: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self.blob = blob
        self.offsets = offsets

    @classmethod
    def of(cls, texts: Sequence[str]) -> TextColumn:
        """A column of `texts`."""
        encoded = [text.encode() for text in texts]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:  # type: ignore[override]  # no slices: nobody asks for them
        return self._bytes(range(len(self))[index]).decode()

    def find(self, text: str) -> int | None:
        """Index of `text` in a column sorted by code point, none where it is not there."""
        wanted, low, high = text.encode(), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._bytes(low) == wanted else None

    def _bytes(self, index: int) -> bytes:
        return self.blob[self.offsets[index] : self.offsets[index + 1]].tobytes()
