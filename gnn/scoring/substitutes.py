"""Substitutes: which items replace each other. NumPy alone: serving runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.containers import Csr, zeros_field


@dataclass(frozen=True)
class Substitutes:
    """Groups of items that replace each other, and pairs that the groups do not hold. Rows are item indices.

    Groups keep large product types small: the pairs of a type of n items are n² / 2.
    """

    variant: NDArray[np.int32] = zeros_field(np.int32)
    """Items of equal code are one product in another size, flavour or colour, -1 for none, [num_items]."""
    product_type: NDArray[np.int32] = zeros_field(np.int32)
    """Items of equal code serve the same purpose, -1 for none, [num_items]."""
    score: Csr = Csr()
    """Confidence that a pair are substitutes, both directions, columns ascending, in (0, 1]; 0 for items of
    one group that are complements."""


Kind = Literal["variant", "substitute"]


class SubstitutePairs:
    """Looks pairs up in one model. Holds no state of a query: threads may share it."""

    def __init__(self, substitutes: Substitutes) -> None:
        self._of = substitutes

    def among(self, items: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which pairs of `items` (item indices, each once) are variants or substitutes, [P, P].

        Symmetric; an item is no substitute of itself.
        """
        return self.between(items, items)

    def between(self, rows: NDArray[np.integer], columns: NDArray[np.integer]) -> NDArray[np.bool_]:
        """The same of each item of `rows` with each of `columns` (item indices, each once), [R, C]."""
        of = self._of
        if not len(of.variant):
            return np.zeros((len(rows), len(columns)), dtype=np.bool_)
        are = _share_group(of.product_type, rows, columns) | _share_group(of.variant, rows, columns)
        starts, ends = of.score.indptr[rows], of.score.indptr[np.asarray(rows) + 1]
        if (ends > starts).any():
            row, column, score = self._listed(starts, ends - starts, columns)
            are[row, column] = score > 0
        are &= rows[:, np.newaxis] != columns
        return are

    def kind(self, item: int, other: int) -> Kind | None:
        """What `other` is to `item`, none where they are neither variants nor substitutes."""
        pair = np.array([item]), np.array([other])
        if not self.between(*pair)[0, 0]:
            return None
        return "variant" if _share_group(self._of.variant, *pair)[0, 0] else "substitute"

    def of(self, item: int) -> NDArray[np.int64]:
        """Item indices of all items that replace `item`, ascending."""
        everything = np.arange(len(self._of.variant))
        return np.flatnonzero(self.between(np.array([item]), everything)[0])

    def _listed(
        self, starts: NDArray[np.int64], lengths: NDArray[np.int64], columns: NDArray[np.integer]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.floating]]:
        """Row, place in `columns` and score of the further pairs in rows that begin at `starts`."""
        of = self._of
        row = np.repeat(np.arange(len(lengths)), lengths)
        entry = np.arange(len(row)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
        place = np.full(len(of.variant), -1, dtype=np.int32)
        place[columns] = np.arange(len(columns), dtype=np.int32)
        column = place[of.score.indices[entry]]
        is_wanted = column >= 0
        return row[is_wanted], column[is_wanted], of.score.values[entry[is_wanted]]


def _share_group(
    group: NDArray[np.int32], rows: NDArray[np.integer], columns: NDArray[np.integer]
) -> NDArray[np.bool_]:
    of_rows, of_columns = group[rows], group[columns]
    # No group is none of its own: -1 in a row equals no -2 in a column.
    return np.asarray(of_rows[:, np.newaxis] == np.where(of_columns < 0, -2, of_columns))
