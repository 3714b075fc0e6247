"""Factors of rows and columns, and the fold-in that gives a new row its factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries
from gnn.evaluation.baselines import RowScorer


@dataclass(frozen=True)
class Factors(RowScorer):
    """Dot products of a row's vector and the columns', plus the columns' biases."""

    rows: NDArray[np.float32]
    """Vectors of the rows that were fitted, [num_rows, d]."""
    columns: NDArray[np.float32]
    """[num_columns, d]"""
    bias: NDArray[np.float32]
    """[num_columns]"""
    fold_in: NDArray[np.float32]
    """Vector that each column adds to a row that has it, before division, [num_columns, d]."""
    fold_in_power: float
    """A row of n columns has the vector Σ fold_in / n^`fold_in_power`."""

    def score_known(self, row_index: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores for rows that were fitted, -1 for none of them, [len(row_index), num_columns]."""
        return np.asarray(self._known(row_index) @ self.columns.T + self.bias, dtype=np.float32)

    def score_rows(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores for any rows, by their columns alone, [num_rows, num_columns]; the bias for an empty one."""
        return np.asarray(self._folded(rows) @ self.columns.T + self.bias, dtype=np.float32)

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores where the rows that were fitted are users: by the user's vector and the cart's, added."""
        vectors = self._known(queries.users) + self._folded(queries.carts)
        return np.asarray(vectors @ self.columns.T + self.bias, dtype=np.float32)

    def _known(self, row_index: NDArray[np.int64]) -> NDArray[np.float32]:
        vectors = np.zeros((len(row_index), self.columns.shape[1]), dtype=np.float32)
        is_known = row_index >= 0
        vectors[is_known] = self.rows[row_index[is_known]]
        return vectors

    def _folded(self, rows: csr_matrix) -> NDArray[np.float32]:
        size = np.maximum(np.diff(rows.indptr), 1).astype(np.float32)
        return np.asarray((rows @ self.fold_in) / size[:, np.newaxis] ** self.fold_in_power, dtype=np.float32)


def no_factors(num_rows: int, num_columns: int) -> Factors:
    """The factors of no interactions: vectors of length 0, every score 0."""
    nothing = np.zeros((num_columns, 0), dtype=np.float32)
    return Factors(
        rows=np.zeros((num_rows, 0), dtype=np.float32),
        columns=nothing,
        bias=np.zeros(num_columns, dtype=np.float32),
        fold_in=nothing,
        fold_in_power=1.0,
    )
