"""Two-stage ranking: a first stage scores all items, boosted trees reorder a shortlist of the best.

The first stage weighs a few features alike for every query. Trees see interactions between features (an item
bought every ten days, last time nine days ago), and features that would cost too much for all items.

    final(i) = z(first stage(i)) + w · z(trees(i))     over the shortlist; z: minus the mean, over deviation

Items outside the shortlist follow it, in the order of the first stage. Baskets (`gnn.scoring.basket_stage`)
and sequences (`gnn.scoring.sequence_stage`) are two first stages of this one pipeline. NumPy and treelite
alone: evaluation measures what serving runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.item_model import Reranker
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.statistics import standard_scores
from gnn.scoring.trees import TreeEnsemble

#: Scores of a block of queries, 18 MB; the features of the first stage are several times that.
_MAX_SCORES = 4_500_000


class ScoredQueries(Protocol):
    """First-stage scores of a block of queries, and what the features of their candidates follow from."""

    @property
    def scores(self) -> NDArray[np.float32]:
        """First-stage scores, [num_queries, num_ranked]."""

    def excluded(self) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
        """Row and ranked index of the items that are no candidates: a cart's, or a history's."""

    def features(self, candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        """Features of `candidates` [num_queries, K], [num_queries, K, F].

        A candidate of -1 is padding: its row has no meaning.
        """


class FirstStage(Protocol):
    """Scores all items for queries, and describes candidates to the trees."""

    @property
    def feature_groups(self) -> Mapping[str, Sequence[str]]:
        """Names of a candidate's features by group, in the order of `ScoredQueries.features`."""

    @property
    def num_ranked(self) -> int:
        """Items that are scored."""

    def score_queries(self, queries: Sequence[ItemQuery]) -> ScoredQueries:
        """First-stage scores of `queries`."""


class TwoStageScorer:
    """Scores the items of one model by both stages. Holds no state of a query: threads may share it."""

    def __init__(self, stage: FirstStage, reranker: Reranker) -> None:
        """Without trees in `reranker` the first stage is served as it is."""
        self.stage = stage
        self._trees = TreeEnsemble(reranker.trees) if len(reranker.trees) and reranker.weight else None
        self._weight, self._size = reranker.weight, reranker.shortlist_size

    def score(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]; the query's own items are scored too and left to mask."""
        scores = np.empty((len(queries), self.stage.num_ranked), dtype=np.float32)
        for part in blocks(len(queries), self.stage.num_ranked):
            scores[part] = self.rerank(self.stage.score_queries(queries[part]))
        return scores

    def rerank(self, scored: ScoredQueries) -> NDArray[np.float32]:
        """The served scores of queries whose first-stage scores are at hand, [num_queries, num_ranked]."""
        if self._trees is None:
            return scored.scores
        candidates = shortlist(scored, size=self._size)
        is_candidate = candidates >= 0
        by_trees = self._trees.score(scored.features(candidates)[is_candidate])
        served = scored.scores.copy()
        start = 0
        for row, first, places in zip(served, scored.scores, candidates, strict=True):
            places = places[places >= 0]
            if not len(places):
                continue
            final = combine(first[places], by_trees[start : start + len(places)], self._weight)
            start += len(places)
            outside = np.ones(len(row), dtype=np.bool_)
            outside[places] = False
            highest = first[outside].max(initial=first.min())
            row[places] = highest + 1e-3 + (final - final.min())
        return served


def blocks(num_queries: int, num_ranked: int) -> list[slice]:
    """Parts of `num_queries` that are scored at once, so that memory does not grow with the catalogue."""
    size = max(_MAX_SCORES // max(num_ranked, 1), 1)
    return [slice(start, start + size) for start in range(0, num_queries, size)]


def shortlist(scored: ScoredQueries, *, size: int) -> NDArray[np.int64]:
    """Ranked indices of the `size` best candidates of each query, best first, [num_queries, K].

    A query with fewer candidates ends with -1; K is at most the number of ranked items.
    """
    masked = scored.scores.copy()
    masked[scored.excluded()] = -np.inf
    size = min(size, masked.shape[1])
    if not size:
        return np.zeros((len(masked), 0), dtype=np.int64)
    best = np.argpartition(-masked, size - 1, axis=1)[:, :size]
    values = np.take_along_axis(masked, best, axis=1)
    order = np.lexsort((best, -values), axis=1)
    best, values = np.take_along_axis(best, order, axis=1), np.take_along_axis(values, order, axis=1)
    return np.where(np.isneginf(values), -1, best)


def combine(first: NDArray[np.float32], by_trees: NDArray[np.float32], weight: float) -> NDArray[np.float32]:
    """The final scores of one shortlist: z(first stage) + weight · z(trees), [num_candidates]."""
    return standard_scores(first) + np.float32(weight) * standard_scores(by_trees)
