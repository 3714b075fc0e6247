"""How strongly the level-0 categories of a shop are bought together: what breadth is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundles.links import CHANCE, probability_of_lift
from gnn.artifact.model import CategoryPairs


class CategoryBridges:
    """Links between the level-0 categories of one artifact."""

    def __init__(self, pairs: CategoryPairs) -> None:
        self._indptr, self._category = pairs.indptr, pairs.category
        self._strength = probability_of_lift(pairs.baskets, pairs.lift)

    def between(self, roots: NDArray[np.int32]) -> NDArray[np.float64]:
        """The strength x / (1 + x) of each pair of `roots` [P], x the shrunk lift of the two, [P, P].

        0 within one category and where one of them is -1; chance where the pair was not counted.
        """
        distinct, place = np.unique(roots, return_inverse=True)
        position = np.full(max(len(self._indptr) - 1, int(distinct.max(initial=-1)) + 1), -1)
        position[distinct[distinct >= 0]] = np.flatnonzero(distinct >= 0)
        strength = np.full((len(distinct), len(distinct)), CHANCE)
        for row, root in enumerate(distinct.tolist()):
            part = slice(self._indptr[root], self._indptr[root + 1]) if root >= 0 else slice(0, 0)
            column = position[self._category[part]]
            strength[row, column[column >= 0]] = self._strength[part][column >= 0]
        np.fill_diagonal(strength, 0.0)
        strength[distinct < 0] = 0.0
        strength[:, distinct < 0] = 0.0
        return strength[place[:, None], place]
