"""Co-purchase cosine: what is bought with the cart's items, neighbour by neighbour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.purchases import Purchases
from gnn.data.queries import CompletionQueries


@dataclass(frozen=True)
class CoPurchase:
    """Sums the cart's rows of an item–item matrix."""

    similarity: csr_matrix
    """[num_ranked, num_ranked], zero diagonal."""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]."""
        return np.asarray((queries.carts @ self.similarity).toarray(), dtype=np.float32)


def fit_co_purchase(purchases: Purchases) -> CoPurchase:
    """similarity(i, j) = c(i, j) / √(c(i) c(j)), c counting baskets (Sarwar et al. 2001, cosine)."""
    baskets = purchases.lines.sign()
    counts = np.maximum(purchases.item_baskets, 1)
    pairs = (baskets.T @ baskets).tocoo()
    is_pair = pairs.row != pairs.col
    row, column = pairs.row[is_pair], pairs.col[is_pair]
    cosine = pairs.data[is_pair] / np.sqrt(counts[row] * counts[column])
    return CoPurchase(csr_matrix((cosine.astype(np.float32), (row, column)), shape=pairs.shape))
