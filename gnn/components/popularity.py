"""Popularity: the same order for everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.data.purchases import Purchases
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
    """bias(i) = log((c(i) + 1) / Σ_j (c(j) + 1)) with c(i) the baskets that hold i."""
    return Popularity(purchases.log_popularity)
