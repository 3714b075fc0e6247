"""The items that a query may call for, with their features: what companion trees learn from and judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.scoring.reranker import Reranker

#: Few enough to judge in two milliseconds; the items of a bundle are nearly always among them.
SHORTLIST_SIZE = 60


@dataclass(frozen=True)
class CompanionShortlist:
    """The first stage's best K items that are not in the cart of one query, best first."""

    items: NDArray[np.int64]
    """Ranked indices, [K]."""
    features: NDArray[np.float32]
    """Rows of `gnn.scoring.reranker.NAMES`, [K, F]."""
    blend: NDArray[np.float32]
    """First-stage scores of all items, [num_ranked]."""


def read_shortlist(query: ItemQuery, *, scorer: ItemScorer, reranker: Reranker) -> CompanionShortlist:
    """The shortlist of `query`; `scorer` and `reranker` are of one artifact."""
    evidence = scorer.evidence(query)
    values = scorer.features_of([evidence])[0]
    blend = scorer.weigh(values)
    items = reranker.shortlist(query, blend, size=SHORTLIST_SIZE)
    return CompanionShortlist(items, reranker.features(evidence, items, values, blend), blend)
