"""EASE: a linear item–item model in closed form (Steck 2019, "Embarrassingly Shallow Autoencoders …").

Exact up to `MAX_EXACT` items. The inverse takes n³ operations and two matrices of n² float32 (8,709 items:
12 s on one core, 0.6 GB), so larger catalogues are approximated by `gnn.components.large_ease`.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_matrix, diags_array, vstack

from gnn.components.large_ease import HeadTailWeights, fit_head_and_tail
from gnn.data.purchases import Purchases
from gnn.data.sparse import keep_strongest
from gnn.evaluation.baselines import RowScorer

logger = logging.getLogger(__name__)

#: Items up to which B is exact: 20,000² float32 are 1.6 GB, and two of them are needed.
MAX_EXACT = 20_000

#: Items of the head above that.
NUM_HEAD = 8_000

_DAYS_A_WEEK = 7.0
_BLOCK = 1_000


class Ease(RowScorer, ABC):
    """Scores an item by the sum of the cart's rows of B; B[j, i] is the weight of j for i, B[i, i] = 0."""

    @abstractmethod
    def top(self, k: int) -> csr_matrix:
        """The `k` largest positive weights of each row of B, columns ascending, [num_ranked, num_ranked]."""


@dataclass(frozen=True)
class ExactEase(Ease):
    """EASE with all of B."""

    weights: NDArray[np.float32]
    """[num_ranked, num_ranked], zero diagonal."""

    def score_rows(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores, [num_rows, num_ranked]."""
        return np.asarray(rows @ self.weights, dtype=np.float32)

    def top(self, k: int) -> csr_matrix:
        """The `k` largest positive weights of each row of B, columns ascending, [num_ranked, num_ranked]."""
        return _top_of_rows(self.weights, k)


@dataclass(frozen=True)
class LargeEase(Ease):
    """EASE over a large catalogue: B among the popular items, and between items that share baskets."""

    parts: HeadTailWeights

    def score_rows(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores, [num_rows, num_ranked]."""
        head = self.parts.head
        scores = np.asarray((rows @ self.parts.others).toarray(), dtype=np.float32)
        scores[:, head] += rows[:, head] @ self.parts.among_head
        return scores

    def top(self, k: int) -> csr_matrix:
        """The `k` largest positive weights of each row of B, columns ascending, [num_ranked, num_ranked]."""
        among_head = coo_array(_top_of_rows(self.parts.among_head, k))
        head, shape = self.parts.head, self.parts.others.shape
        places = head[among_head.row], head[among_head.col]
        weights = csr_matrix((among_head.data, places), shape=shape) + self.parts.others.maximum(0)
        blocks = [keep_strongest(weights[start : start + _BLOCK], k) for start in range(0, shape[0], _BLOCK)]
        top = csr_matrix(vstack(blocks), dtype=np.float32)
        top.eliminate_zeros()
        top.sort_indices()
        return top


def fit_ease(
    purchases: Purchases,
    *,
    ridge: float,
    size_power: float = 0.0,
    half_life_weeks: float | None = None,
    max_exact: int = MAX_EXACT,
    num_head: int = NUM_HEAD,
) -> Ease:
    """B = I − P diag(1 / diag P) with P = (Xᵀ W X + λI)⁻¹ (Steck 2019, equation 8).

    X is baskets × items in {0, 1}. W weighs a basket by size^−`size_power` · 2^(−age / `half_life_weeks`).
    λ is `ridge` times the mean diagonal of Xᵀ W X, so one value suits shops of any size. Exact up to
    `max_exact` items; above, exact for the `num_head` most popular, approximate for the others.
    """
    baskets = purchases.lines.sign().tocsr()
    num_items = baskets.shape[1]
    basket_weight = np.maximum(np.diff(baskets.indptr), 1).astype(np.float64) ** -size_power
    if half_life_weeks is not None:
        basket_weight *= 0.5 ** (purchases.basket_age / _DAYS_A_WEEK / half_life_weeks)
    # Never 0, so that the matrix stays invertible where nothing was bought.
    total = float(basket_weight @ np.diff(baskets.indptr))
    shift = max(ridge * total / max(num_items, 1), 1e-3)
    if num_items > max_exact:
        logger.info("EASE over %d items: exact for the %d most popular", num_items, num_head)
        return LargeEase(fit_head_and_tail(baskets, basket_weight, shift=shift, num_head=num_head))
    logger.info("EASE over %d items: exact", num_items)
    return ExactEase(_exact(baskets, basket_weight, shift))


def _exact(baskets: csr_matrix, basket_weight: NDArray[np.float64], shift: float) -> NDArray[np.float32]:
    if not baskets.shape[1]:
        return np.zeros((0, 0), dtype=np.float32)
    gram = (baskets.T @ diags_array(basket_weight) @ baskets).toarray().astype(np.float32)
    gram[np.diag_indices_from(gram)] += shift
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(torch.from_numpy(gram))).numpy()
    # LAPACK answers column by column; a cart sums rows, and SciPy would copy all of B at each product.
    weights = np.ascontiguousarray(inverse / -np.diag(inverse), dtype=np.float32)
    np.fill_diagonal(weights, 0.0)
    return weights


def _top_of_rows(weights: NDArray[np.float32], k: int) -> csr_matrix:
    """The `k` largest positive entries of each row, columns ascending."""
    num_rows, num_columns = weights.shape
    kth = max(num_columns - k, 0)
    columns, values, counts = [], [], [np.zeros(1, dtype=np.int64)]
    for start in range(0, num_rows, _BLOCK):
        block = weights[start : start + _BLOCK]
        column = np.sort(np.argpartition(block, min(kth, num_columns - 1), axis=1)[:, kth:], axis=1)
        value = np.take_along_axis(block, column, axis=1)
        is_kept = value > 0
        columns.append(column[is_kept])
        values.append(value[is_kept])
        counts.append(is_kept.sum(axis=1))
    places = np.concatenate([np.zeros(0, dtype=np.int64), *columns])
    kept = np.concatenate([np.zeros(0, dtype=np.float32), *values])
    return csr_matrix((kept, places, np.cumsum(np.concatenate(counts))), shape=weights.shape)
