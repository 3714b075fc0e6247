"""In how many baskets categories are, alone and together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from gnn.data.purchases import Purchases


@dataclass(frozen=True)
class CategoryCounts:
    """Of the C categories that were asked for; a category is that of an item itself, not one above it."""

    alone: NDArray[np.float64]
    """Baskets that hold each, [C]."""
    together: csr_matrix
    """Baskets that hold both, in both directions, [C, C]; nothing on the diagonal."""
    num_baskets: int

    def expected(self, rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """Baskets that would hold both by chance, n_a n_b / N, [len(rows), C]; 0 without baskets."""
        return np.outer(self.alone[rows], self.alone) / max(self.num_baskets, 1)

    def after(self, earlier: CategoryCounts) -> CategoryCounts:
        """What came after `earlier`, whose baskets are among these."""
        together = csr_matrix(self.together - earlier.together)
        together.eliminate_zeros()
        return CategoryCounts(self.alone - earlier.alone, together, self.num_baskets - earlier.num_baskets)


def count_categories(
    purchases: Purchases, category: NDArray[np.integer], categories: NDArray[np.integer]
) -> CategoryCounts:
    """Count `categories` (ascending) in the baskets of `purchases`, whose columns are item indices.

    `category` is that of each item, −1 for none, [num_items].
    """
    items = np.flatnonzero(np.isin(category, categories))
    places = items, np.searchsorted(categories, category[items])
    holds = csr_matrix((np.ones(len(items)), places), shape=(len(category), len(categories)))
    baskets = csr_matrix(purchases.lines @ holds).sign()
    together = csr_matrix(baskets.T @ baskets)
    alone = together.diagonal()
    together = csr_matrix(together - diags_array(alone))
    together.eliminate_zeros()
    return CategoryCounts(alone, together, baskets.shape[0])
