"""How much oftener two items are bought together than baskets of these sizes would hold them by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix


@dataclass(frozen=True)
class Chance:
    """Baskets as sets of items, and what they would hold together by chance.

    A basket of n items holds n (n - 1) ordered pairs, so large baskets alone make every lift of two items
    larger than 1. With N baskets and S = Σ n, two items in a and b baskets are expected together in

        e = a b / N · (N Σ n (n - 1) / S²)

    of them: the mean lift of all pairs, each by how often its items are bought, is then 1.
    """

    baskets: csr_matrix
    """1 where a basket holds an item, float32 [num_baskets, num_items]."""
    bought: NDArray[np.float64]
    """Baskets that hold each item, [num_items]."""
    scale: float
    """e is `scale` · a b."""

    def expected_of(self, first: NDArray[np.integer], second: NDArray[np.integer]) -> NDArray[np.float64]:
        """Baskets that chance would have to hold both items of each pair, [P], or as both are broadcast."""
        return np.asarray(self.scale * self.bought[first] * self.bought[second])

    def together(self, items: NDArray[np.integer]) -> NDArray[np.float64]:
        """Baskets that hold both of each pair of `items`, [P, P]."""
        columns = csc_matrix(self.baskets)[:, items]
        return np.asarray((columns.T @ columns).toarray(), dtype=np.float64)

    def expected(self, items: NDArray[np.integer]) -> NDArray[np.float64]:
        """Baskets that chance would have to hold both of each pair of `items`, [P, P]."""
        return self.scale * np.outer(self.bought[items], self.bought[items])


def chance_of(baskets: csr_matrix) -> Chance:
    """The chances of the items of `baskets`; what is not 0 in it is in a basket, [num_baskets, num_items]."""
    sets = csr_matrix(baskets.sign(), dtype=np.float32)
    size = np.diff(sets.indptr).astype(np.float64)
    return Chance(
        baskets=sets,
        bought=np.bincount(sets.indices, minlength=sets.shape[1]).astype(np.float64),
        scale=float((size * (size - 1)).sum() / max(size.sum(), 1.0) ** 2),
    )
