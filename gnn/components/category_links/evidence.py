"""Evidence for links between categories: counts of baskets, and means of the items' vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from gnn.data.purchases import Purchases
from gnn.network.training_run import LearnedLinks


@dataclass(frozen=True)
class CategoryCounts:
    """Baskets that hold each of C categories; a category is that of an item itself, not one above it."""

    alone: NDArray[np.float64]
    """Baskets that hold each, [C]."""
    together: csr_matrix
    """Baskets that hold both, in both directions, [C, C]; nothing on the diagonal."""
    num_baskets: int

    def expected(self, rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """Baskets that would hold both by chance, n_a n_b / N, [len(rows), C]; 0 without baskets."""
        return np.outer(self.alone[rows], self.alone) / max(self.num_baskets, 1)

    def after(self, earlier: CategoryCounts) -> CategoryCounts:
        """Counts of the baskets after those of `earlier`, which are among these."""
        together = csr_matrix(self.together - earlier.together)
        together.eliminate_zeros()
        return CategoryCounts(self.alone - earlier.alone, together, self.num_baskets - earlier.num_baskets)


@dataclass(frozen=True)
class CategoryVectors:
    """Means of the vectors of each category's items (`gnn.network.encoder`)."""

    source: NDArray[np.float32]
    """[C, d]; d = 0 where there is no network."""
    target: NDArray[np.float32]
    """[C, d]"""

    def affinity(self, rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """(source_a · target_b + source_b · target_a) / 2 of `rows` with all, [len(rows), C]."""
        forth, back = self.source[rows] @ self.target.T, self.target[rows] @ self.source.T
        return np.asarray((forth + back) / 2, dtype=np.float64)


def linked_categories(category: NDArray[np.integer], ranked: NDArray[np.integer]) -> NDArray[np.int64]:
    """The categories of `ranked` items (item indices), ascending; others have few counts and no vectors.

    `category` is that of each item, -1 for none, [num_items].
    """
    found = np.unique(category[ranked])
    return found[found >= 0].astype(np.int64)


def count_categories(
    purchases: Purchases, category: NDArray[np.integer], categories: NDArray[np.integer]
) -> CategoryCounts:
    """Count `categories` (ascending) in the baskets of `purchases`, whose columns are item indices.

    `category` is that of each item, -1 for none, [num_items].
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


def category_vectors(
    links: LearnedLinks, category: NDArray[np.integer], categories: NDArray[np.integer]
) -> CategoryVectors:
    """Vectors of `categories` (ascending, each has a ranked item); `category` is [num_ranked]."""
    items = np.flatnonzero(np.isin(category, categories))
    of = np.searchsorted(categories, category[items])
    share = (1 / np.bincount(of, minlength=len(categories)))[of].astype(np.float32)
    mean = csr_matrix((share, (of, items)), shape=(len(categories), len(category)))
    return CategoryVectors(mean @ links.source, mean @ links.target)
