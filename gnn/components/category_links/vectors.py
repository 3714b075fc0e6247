"""What the network says of two categories, by the vectors of their items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.network.task import LearnedLinks


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


def category_vectors(
    links: LearnedLinks, category: NDArray[np.integer], categories: NDArray[np.integer]
) -> CategoryVectors:
    """Vectors of `categories`, ascending, each that of a ranked item; `category` is [num_ranked]."""
    items = np.flatnonzero(np.isin(category, categories))
    of = np.searchsorted(categories, category[items])
    share = (1 / np.bincount(of, minlength=len(categories)))[of].astype(np.float32)
    mean = csr_matrix((share, (of, items)), shape=(len(categories), len(category)))
    return CategoryVectors(mean @ links.source, mean @ links.target)
