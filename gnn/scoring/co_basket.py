"""How likely each item is to be in one basket with what a query gives. NumPy and treelite alone.

Trees judge the first stage's best items (`gnn.components.co_basket`); their word is a probability, fitted by
log loss. Where a model has none, the first stage stands in: p = softmax of its scores is what a conditional
logit (McFadden 1974) says of one choice, 1 - exp(-10 · p) of the ten that make a basket.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.scoring.co_basket_shortlist import read_shortlist
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.scoring.reranker import Reranker
from gnn.scoring.trees import Ranker

#: Items of a basket, about.
BASKET_SIZE = 10


class CompanionChances:
    """Chances by one artifact. Holds no state of a query: threads may share it."""

    def __init__(self, artifact: ModelArtifact, scorer: ItemScorer, *, reranker: Reranker) -> None:
        """`scorer` and `reranker` are of the same artifact."""
        self._scorer, self._reranker = scorer, reranker
        trees = artifact.model.companion_trees
        self._trees = Ranker(trees) if len(trees) else None

    def of(self, query: ItemQuery) -> NDArray[np.float64]:
        """The chance of each ranked item, [num_ranked]; what it says of the cart's own items means nothing.

        What the trees do not judge is less likely than what they do, in the order of the first stage.
        """
        if self._trees is None:
            return chances_of_scores(self._scorer.score([query])[0])
        found = read_shortlist(query, scorer=self._scorer, reranker=self._reranker)
        chances = chances_of_scores(found.blend)
        if len(found.items):
            judged = np.clip(self._trees.score(found.features).astype(np.float64), 0.0, 1.0)
            chances *= judged.min()
            chances[found.items] = judged
        return chances


def chances_of_scores(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """1 - exp(-10 · softmax) of first-stage scores [num_ranked], [num_ranked]."""
    odds = np.exp((scores - scores.max(initial=-np.inf)).astype(np.float64))
    chances: NDArray[np.float64] = -np.expm1(-BASKET_SIZE * odds / max(odds.sum(), 1.0))
    return chances
