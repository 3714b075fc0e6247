"""EASE over baskets: a linear item–item model in closed form (Steck 2019, "Embarrassingly Shallow …")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from gnn.evaluation.queries import CompletionQueries
from gnn.purchases import Purchases

#: Items that one dense matrix holds: 20,000² float32 are 1.6 GB, and two of them are needed.
MAX_ITEMS = 20_000

_DAYS_A_WEEK = 7.0
_BLOCK = 1_000


@dataclass(frozen=True)
class Ease:
    """Sums the cart's rows of B."""

    weights: NDArray[np.float32]
    """B among the `held` items, [num_held, num_held], zero diagonal; B[j, i] is what j says for i."""
    held: NDArray[np.int64]
    """Ranked index of each row and column of `weights`, ascending."""
    num_ranked: int

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]."""
        scores = np.zeros((len(queries), self.num_ranked), dtype=np.float32)
        scores[:, self.held] = queries.carts[:, self.held] @ self.weights
        return scores

    def top(self, k: int) -> csr_matrix:
        """The `k` largest positive weights of each row of B, columns ascending, [num_ranked, num_ranked]."""
        rows, columns, values = [], [], []
        kth = max(len(self.held) - k, 0)
        for start in range(0, len(self.held), _BLOCK):
            block = self.weights[start : start + _BLOCK]
            column = np.argpartition(block, min(kth, len(self.held) - 1), axis=1)[:, kth:]
            value = np.take_along_axis(block, column, axis=1)
            row = np.broadcast_to(np.arange(start, start + len(block))[:, np.newaxis], column.shape)
            is_kept = value > 0
            rows.append(row[is_kept])
            columns.append(column[is_kept])
            values.append(value[is_kept])
        row, column, value = (np.concatenate([[], *parts]) for parts in (rows, columns, values))
        places = self.held[row.astype(np.int64)], self.held[column.astype(np.int64)]
        shape = (self.num_ranked, self.num_ranked)
        top = csr_matrix((value.astype(np.float32), places), shape=shape)
        top.sort_indices()
        return top


def fit_ease(
    purchases: Purchases, *, ridge: float, size_power: float = 0.0, half_life_weeks: float | None = None
) -> Ease:
    """B = I − P diag(1 / diag P) with P = (Xᵀ W X + λI)⁻¹ (Steck 2019, equation 8), exact.

    X is baskets × items in {0, 1}. W weighs a basket by size^−`size_power` · 2^(−age / `half_life_weeks`).
    λ is `ridge` times the mean diagonal of Xᵀ W X, so that one value suits shops of any size. Above
    `MAX_ITEMS` items the most popular are held and the rest have empty rows and columns.
    """
    baskets = purchases.lines.sign().tocsr()
    num_ranked = baskets.shape[1]
    basket_weight = np.maximum(np.diff(baskets.indptr), 1).astype(np.float64) ** -size_power
    if half_life_weeks is not None:
        basket_weight *= 0.5 ** (purchases.basket_age / _DAYS_A_WEEK / half_life_weeks)
    held = np.sort(np.argsort(-purchases.item_baskets, kind="stable")[:MAX_ITEMS])
    if not len(held):
        return Ease(np.zeros((0, 0), dtype=np.float32), held, num_ranked)

    baskets = baskets[:, held]
    gram = (baskets.T @ diags_array(basket_weight) @ baskets).toarray().astype(np.float32)
    # Never 0, so that the matrix stays invertible where nothing was bought.
    shift = max(ridge * float(np.trace(gram)) / len(held), 1e-3)
    gram[np.diag_indices_from(gram)] += shift
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(torch.from_numpy(gram))).numpy()
    # LAPACK answers column by column; a cart sums rows, and SciPy would copy all of B at each product.
    weights = np.ascontiguousarray(inverse / -np.diag(inverse), dtype=np.float32)
    np.fill_diagonal(weights, 0.0)
    return Ease(weights, held, num_ranked)
