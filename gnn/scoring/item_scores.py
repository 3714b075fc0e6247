"""The served scores of a query: both stages, cold items beside them, and co-basket probabilities.

Boosted trees score the first stage's best items; their score is a probability, fitted by log loss
(`gnn.components.co_basket`). A model without such trees uses the first stage: softmax of its scores is the
choice probability p of a conditional logit (McFadden 1974), and 1 - exp(-10 · p) that of one of the ten
choices that make a basket. NumPy and treelite alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.basket_stage import BasketStage
from gnn.scoring.cold_items import ColdSlate, insert_by_rank
from gnn.scoring.item_model import CoBasketTrees, RankedItems, Reranker
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.sequence_stage import SequenceStage
from gnn.scoring.trees import TreeEnsemble
from gnn.scoring.two_stage import TwoStageScorer, shortlist

#: Items of a basket, about.
BASKET_SIZE = 10

#: Few enough to score in two milliseconds; the items of a bundle are nearly always among them.
SHORTLIST_SIZE = 60


class CoBasketProbability:
    """Probabilities by one model of baskets. Holds no state of a query: threads may share it."""

    def __init__(self, stage: BasketStage, model: CoBasketTrees) -> None:
        """Both of one model."""
        self._stage = stage
        self._trees = TreeEnsemble(model.trees) if len(model.trees) else None

    def of(self, query: ItemQuery) -> NDArray[np.float64]:
        """The probability of each ranked item, [num_ranked]; that of the cart's own items has no meaning.

        Items that the trees do not score are less likely than those that they do, in the order of the first
        stage.
        """
        scored = self._stage.score_queries([query])
        probabilities = softmax_probabilities(scored.scores[0])
        if self._trees is None:
            return probabilities
        candidates = shortlist(scored, size=SHORTLIST_SIZE)
        items = candidates[0, candidates[0] >= 0]
        if len(items):
            by_trees = self._trees.score(scored.features(candidates)[0, : len(items)])
            by_trees = np.clip(by_trees.astype(np.float64), 0.0, 1.0)
            probabilities *= by_trees.min()
            probabilities[items] = by_trees
        return probabilities


def softmax_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """1 - exp(-10 · softmax) of first-stage scores [num_ranked], [num_ranked]."""
    odds = np.exp((scores - scores.max(initial=-np.inf)).astype(np.float64))
    probabilities: NDArray[np.float64] = -np.expm1(-BASKET_SIZE * odds / max(odds.sum(), 1.0))
    return probabilities


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
