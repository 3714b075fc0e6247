"""In how many baskets two items would be together if they were bought independently of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix


@dataclass(frozen=True)
class ExpectedBaskets:
    """Baskets as sets of items, and how many would hold two items by chance.

    A basket of n items holds n (n - 1) ordered pairs, so large baskets alone raise every lift above 1. With N
    baskets and S = Σ n, two items in a and b baskets are expected together in

        e = a b / N · (N Σ n (n - 1) / S²)

    of them: the mean lift of all pairs, weighted by how often their items are bought, is then 1.
    """

    baskets: csr_matrix
    """1 where a basket holds an item, float32 [num_baskets, num_items]."""
    bought: NDArray[np.float64]
    """Baskets that hold each item, [num_items]."""
    scale: float
    """e is `scale` · a b."""

    def of_pairs(self, first: NDArray[np.integer], second: NDArray[np.integer]) -> NDArray[np.float64]:
        """Expected baskets with both items of each pair; `first` and `second` are broadcast."""
        return np.asarray(self.scale * self.bought[first] * self.bought[second])

    def among(self, items: NDArray[np.integer]) -> NDArray[np.float64]:
        """Expected baskets with both of each two of `items`, [P, P]."""
        return self.scale * np.outer(self.bought[items], self.bought[items])

    def observed(self, items: NDArray[np.integer]) -> NDArray[np.float64]:
        """Baskets that do hold both of each two of `items`, [P, P]."""
        columns = csc_matrix(self.baskets)[:, items]
        return np.asarray((columns.T @ columns).toarray(), dtype=np.float64)


def expected_baskets(lines: csr_matrix) -> ExpectedBaskets:
    """Of the baskets `lines`, which hold every item that is not 0, [num_baskets, num_items]."""
    sets = csr_matrix(lines.sign(), dtype=np.float32)
    size = np.diff(sets.indptr).astype(np.float64)
    return ExpectedBaskets(
        baskets=sets,
        bought=np.bincount(sets.indices, minlength=sets.shape[1]).astype(np.float64),
        scale=float((size * (size - 1)).sum() / max(size.sum(), 1.0) ** 2),
    )
