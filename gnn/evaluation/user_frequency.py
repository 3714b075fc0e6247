"""What the household buys, by frequency, alone and on top of EASE: the bar for the served blend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.ease.exact import Ease
from gnn.data.purchases import Purchases
from gnn.data.queries import CompletionQueries

#: Weight of a share of purchases against an EASE weight, as `EASE + 5 · household frequency` was measured.
FREQUENCY_WEIGHT = 5.0


@dataclass(frozen=True)
class HouseholdFrequency:
    """Scores by a user's share of purchases: c(u, i) / Σ_j c(u, j); 0 for a visitor without history."""

    share: csr_matrix
    """[num_users + 1, num_ranked], the last row empty: index -1 reads it."""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]."""
        rows = np.where(queries.users < 0, self.share.shape[0] - 1, queries.users)
        return np.asarray(self.share[rows].toarray(), dtype=np.float32)


@dataclass(frozen=True)
class EaseAndHousehold:
    """EASE + 5 · household frequency."""

    ease: Ease
    household: HouseholdFrequency

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]."""
        return self.ease.score(queries) + np.float32(FREQUENCY_WEIGHT) * self.household.score(queries)


def fit_household(purchases: Purchases) -> HouseholdFrequency:
    """Shares of each user's purchases of ranked items."""
    counts = purchases.counts
    num_users, num_items = counts.shape
    totals = np.repeat(np.asarray(counts.sum(axis=1)).ravel(), np.diff(counts.indptr))
    indptr = np.append(counts.indptr, counts.indptr[-1])
    share = csr_matrix((counts.data / totals, counts.indices, indptr), shape=(num_users + 1, num_items))
    return HouseholdFrequency(share)
