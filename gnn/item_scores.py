"""The score of an item for a visit, as it is served.

By order where a shop's data are sequences, else in the two stages that carts and histories ask for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gnn.artifact import ModelArtifact
from gnn.reranking import Reranker
from gnn.scorer import ItemQuery, ItemScorer
from gnn.sequence_items import SequenceItems


class ItemScores:
    """Scores all ranked items of `artifact`. Holds no state of a query: threads may share it."""

    def __init__(self, artifact: ModelArtifact, scorer: ItemScorer) -> None:
        """`scorer` is of the same artifact."""
        if artifact.sequence_model.is_fitted:
            self._first = self._last = SequenceItems(artifact, scorer).score
        else:
            self._first, self._last = scorer.score, Reranker(artifact, scorer).score

    def first_stage(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """Scores of one scale for all items, [len(queries), num_ranked]: what bundles are composed by."""
        return self._first(queries)

    def served(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """Scores whose order is the best that is known, [len(queries), num_ranked]."""
        return self._last(queries)
