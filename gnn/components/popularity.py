"""Popularity: the same order for everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.data.purchases import Purchases, log_popularity
from gnn.data.queries import CompletionQueries


@dataclass(frozen=True)
class Popularity:
    """Scores every query alike."""

    bias: NDArray[np.float32]
    """[num_ranked]"""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]."""
        return np.broadcast_to(self.bias, (len(queries), len(self.bias)))


def fit_popularity(purchases: Purchases) -> Popularity:
    """Popularity by the baskets that hold an item (`gnn.data.purchases.log_popularity`)."""
    return Popularity(log_popularity(purchases))
