"""Counting baselines of basket completion: popularity, co-purchase cosine and user frequency."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.purchases import Purchases, log_popularity
from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import ScoreQueries

#: Weight of a share of purchases in a sum with EASE scores.
FREQUENCY_WEIGHT = 5.0


class RowScorer(ABC):
    """Scores columns for a row of an interaction matrix, known or new: a cart, or a user's bundles."""

    @abstractmethod
    def score_rows(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores of all columns for each of `rows`, [num_rows, num_columns] both; 0 for an empty row."""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores of the carts, [len(queries), num_ranked]."""
        return self.score_rows(queries.carts)


@dataclass(frozen=True)
class Popularity:
    """Scores every query alike."""

    bias: NDArray[np.float32]
    """[num_ranked]"""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]."""
        return np.broadcast_to(self.bias, (len(queries), len(self.bias)))


@dataclass(frozen=True)
class CoPurchase:
    """Scores an item by the sum of its similarities to the cart's items."""

    similarity: csr_matrix
    """[num_ranked, num_ranked], zero diagonal."""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]."""
        return np.asarray((queries.carts @ self.similarity).toarray(), dtype=np.float32)


@dataclass(frozen=True)
class UserFrequency:
    """Scores an item by its share of the user's purchases; 0 for a visitor without history."""

    share: csr_matrix
    """[num_users + 1, num_ranked], the last row empty: index -1 reads it."""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]."""
        rows = np.where(queries.users < 0, self.share.shape[0] - 1, queries.users)
        return np.asarray(self.share[rows].toarray(), dtype=np.float32)


def fit_popularity(purchases: Purchases) -> Popularity:
    """Log popularity by the baskets that hold an item (`gnn.data.purchases.log_popularity`)."""
    return Popularity(log_popularity(purchases))


def fit_co_purchase(purchases: Purchases) -> CoPurchase:
    """similarity(i, j) = c(i, j) / √(c(i) c(j)), c counting baskets (Sarwar et al. 2001, cosine)."""
    baskets = purchases.lines.sign()
    counts = np.maximum(purchases.item_baskets, 1)
    pairs = (baskets.T @ baskets).tocoo()
    is_pair = pairs.row != pairs.col
    row, column = pairs.row[is_pair], pairs.col[is_pair]
    cosine = pairs.data[is_pair] / np.sqrt(counts[row] * counts[column])
    return CoPurchase(csr_matrix((cosine.astype(np.float32), (row, column)), shape=pairs.shape))


def fit_user_frequency(purchases: Purchases) -> UserFrequency:
    """share(u, i) = c(u, i) / Σ_j c(u, j), c counting purchases of ranked items."""
    counts = purchases.counts
    num_users, num_items = counts.shape
    totals = np.repeat(np.asarray(counts.sum(axis=1)).ravel(), np.diff(counts.indptr))
    indptr = np.append(counts.indptr, counts.indptr[-1])
    return UserFrequency(
        csr_matrix((counts.data / totals, counts.indices, indptr), shape=(num_users + 1, num_items))
    )


def with_user_frequency(score: ScoreQueries, frequency: UserFrequency) -> ScoreQueries:
    """`score` + 5 · user frequency."""
    weight = np.float32(FREQUENCY_WEIGHT)
    return lambda queries: score(queries) + weight * frequency.score(queries)
