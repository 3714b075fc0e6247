"""The score of an item for a visit, as it is served.

By order where a shop's data are sequences, else in the two stages that carts and histories ask for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gnn.artifact import ModelArtifact
from gnn.cold.slate import ColdSlate, beside
from gnn.reranking import Reranker
from gnn.scorer import ItemQuery, ItemScorer
from gnn.sequence.items import SequenceItems


class ItemScores:
    """Scores all ranked items of `artifact`. Holds no state of a query: threads may share it."""

    def __init__(self, artifact: ModelArtifact, scorer: ItemScorer, *, cold: ColdSlate) -> None:
        """`scorer` and `cold` are of the same artifact."""
        self._scorer, self._ranked = scorer, artifact.model.ranked
        self._cold = cold
        if artifact.sequence_model.is_fitted:
            self._first = self._last = SequenceItems(artifact, scorer).score
        else:
            self._first, self._last = scorer.score, Reranker(artifact, scorer).score

    def with_cold(self, query: ItemQuery) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Item indices of all that has a place in answers, ranked and cold, and their scores as served."""
        served, cold = self.served([query])[0], self._cold
        if not len(cold):
            return self._ranked, served
        evidence = self._scorer.evidence(query)
        blend = self._scorer.weigh(self._scorer.features_of([evidence])[0])
        scores = beside(served, blend, cold.score(blend, evidence))
        return np.concatenate([self._ranked, cold.items]), np.concatenate([served, scores])

    def first_stage(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """Scores of one scale for all items, [len(queries), num_ranked]: what bundles are composed by."""
        return self._first(queries)

    def served(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """Scores whose order is the best that is known, [len(queries), num_ranked]."""
        return self._last(queries)
