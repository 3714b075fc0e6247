"""What the item-to-item and factor baselines share: any row of an interaction matrix can be scored."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries


class RowScorer(ABC):
    """Scores columns for a row, whether it was fitted to or is new: a cart, or a user of bundles."""

    @abstractmethod
    def score_rows(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores of all columns for each of `rows`, [num_rows, num_columns] both; 0 for an empty row."""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores of the carts, [len(queries), num_ranked]."""
        return self.score_rows(queries.carts)
