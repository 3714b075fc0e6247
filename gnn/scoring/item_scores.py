"""The score of an item for a visit, as it is served.

By order where a shop's data are sequences, else in the two stages that carts and histories ask for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.scoring.co_basket import CompanionChances, chances_of_scores
from gnn.scoring.cold_slate import ColdSlate, beside
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.scoring.reranker import Reranker
from gnn.scoring.sequence_items import SequenceItems


class ItemScores:
    """Scores all ranked items of `artifact`. Holds no state of a query: threads may share it."""

    def __init__(self, artifact: ModelArtifact, scorer: ItemScorer, *, cold: ColdSlate) -> None:
        """`scorer` and `cold` are of the same artifact."""
        self._scorer, self._ranked, self._cold = scorer, artifact.model.ranked, cold
        self._reranker = Reranker(artifact, scorer)
        self._companions = CompanionChances(artifact, scorer, reranker=self._reranker)
        is_sequence = artifact.sequence_model.is_fitted
        self._sequences = SequenceItems(artifact, scorer) if is_sequence else None

    def with_cold(self, query: ItemQuery) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Item indices of all that has a place in answers, ranked and cold, and their scores as served.

        A model of sequences has no cold items: nothing measures where they would stand.
        """
        if self._sequences is not None:
            return self._ranked, self._sequences.score([query])[0]
        evidence = self._scorer.evidence(query)
        values = self._scorer.features_of([evidence])[0]
        blend = self._scorer.weigh(values)
        served = self._reranker.reorder(query, evidence, values, blend)
        if not len(self._cold):
            return self._ranked, served
        scores = beside(served, blend, self._cold.score(blend, evidence))
        return np.concatenate([self._ranked, self._cold.items]), np.concatenate([served, scores])

    def chances(self, query: ItemQuery) -> NDArray[np.float64]:
        """How likely each item is to be wanted together with what `query` gives, [num_ranked].

        What bundles are composed by.
        """
        if self._sequences is not None:
            return chances_of_scores(self._sequences.score([query])[0])
        return self._companions.of(query)
