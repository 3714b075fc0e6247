"""The served score of an item for a query: both stages, cold items beside, and co-basket probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.basket_stage import BasketStage
from gnn.scoring.co_basket import CoBasketProbability, softmax_probabilities
from gnn.scoring.cold_items import ColdSlate, insert_by_rank
from gnn.scoring.item_model import CoBasketTrees, RankedItems, Reranker
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.sequence_stage import SequenceStage
from gnn.scoring.two_stage import TwoStageScorer


class ItemScores:
    """Scores all items of one model as they are served. Threads may share it."""

    def __init__(
        self,
        stage: BasketStage | SequenceStage,
        *,
        ranked: RankedItems,
        reranker: Reranker,
        co_basket: CoBasketTrees,
        cold: ColdSlate,
    ) -> None:
        """All of one model."""
        self._ranked, self._cold = ranked.item, cold
        self._stage, self._scorer = stage, TwoStageScorer(stage, reranker)
        self._co_basket = CoBasketProbability(stage, co_basket) if isinstance(stage, BasketStage) else None

    def with_cold(self, query: ItemQuery) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Item indices of all items that can be recommended, ranked and cold, and their served scores.

        A model of sequences has no cold items: nothing measures where they would stand.
        """
        if not isinstance(self._stage, BasketStage):
            return self._ranked, self._scorer.score([query])[0]
        scored = self._stage.score_queries([query])
        served = self._scorer.rerank(scored)[0]
        if not len(self._cold):
            return self._ranked, served
        cold = self._cold.score(scored.scores[0], scored.evidence[0])
        scores = insert_by_rank(cold, first=scored.scores[0], served=served)
        return np.concatenate([self._ranked, self._cold.items]), np.concatenate([served, scores])

    def probabilities(self, query: ItemQuery) -> NDArray[np.float64]:
        """How likely each item is to be in one basket with the query's items, [num_ranked].

        Bundles are composed by it.
        """
        if self._co_basket is None:
            return softmax_probabilities(self._scorer.score([query])[0])
        return self._co_basket.of(query)
