"""Fit the second stage: boosted trees learn from validation queries which item of a shortlist was hidden."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.components.boosted_trees import TreeParams, fit_ranker
from gnn.evaluation.metrics import ndcg_at_k
from gnn.scoring.item_model import Reranker
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.trees import TreeEnsemble
from gnn.scoring.two_stage import FirstStage, blocks, combine, shortlist

logger = logging.getLogger(__name__)

#: Queries whose shortlist holds the hidden item, under which no trees are fitted.
FEWEST_SHORTLISTS = 200
#: Weights of the trees that are tried, against 1 for the first stage.
TREES_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
NUM_FOLDS = 2


@dataclass(frozen=True)
class RankingQueries:
    """Queries with a hidden item, as the second stage learns from them."""

    queries: Sequence[ItemQuery]
    hidden: NDArray[np.int64]
    """Ranked index of each hidden item, [num_queries]."""
    group: NDArray[np.int64]
    """Equal where queries are of one basket or user, which stays in one fold, [num_queries]."""
    num_validation: int
    """The first so many are the validation queries; the others only add training rows."""


@dataclass(frozen=True)
class FittedReranker:
    """The second stage, and its ranks on validation queries that it was not fitted to."""

    reranker: Reranker
    """Fitted to all of validation."""
    ranks: NDArray[np.float64]
    """Out-of-fold rank of each validation query's hidden item, [num_validation]."""


@dataclass(frozen=True)
class Shortlists:
    """The shortlists of some queries; those that miss the hidden item have a rank alone."""

    rank: NDArray[np.float64]
    """Of each query's hidden item by the first stage, [num_queries]."""
    group: NDArray[np.int64]
    """As `RankingQueries.group`, [num_queries]."""
    found: NDArray[np.int64]
    """Queries whose shortlist holds the hidden item, ascending, [num_found]."""
    features: NDArray[np.float32]
    """Of their candidates, [num_found, K, F]."""
    scores: NDArray[np.float32]
    """First-stage scores of their candidates, −∞ where a shortlist is shorter, [num_found, K]."""
    place: NDArray[np.int64]
    """Of the hidden item in the shortlist, [num_found]."""


def fit_reranker(
    stage: FirstStage, training: RankingQueries, *, size: int, params: TreeParams, seed: int
) -> FittedReranker | None:
    """Trees over the shortlists of `stage`, and the weight with the best out-of-fold NDCG@20.

    None where there are too few shortlists to learn from, or where every weight does worse than the first
    stage.
    """
    if len(training.queries) < FEWEST_SHORTLISTS:
        return None
    found = read_shortlists(stage, training, size=size)
    if len(found.found) < FEWEST_SHORTLISTS:
        return None
    names = [name for group in stage.feature_groups.values() for name in group]
    by_weight = {
        weight: ranks[: training.num_validation]
        for weight, ranks in out_of_fold_ranks(found, names=names, params=params, seed=seed).items()
    }
    ndcg = {weight: ndcg_at_k(ranks, 20) for weight, ranks in by_weight.items()}
    logger.info("trees: out-of-fold NDCG@20 by weight %s", {w: round(v, 4) for w, v in ndcg.items()})
    best = max(TREES_WEIGHTS, key=lambda weight: ndcg[weight])
    if best == 0.0:
        return None
    trees = _fit(found, np.ones(len(found.found), dtype=np.bool_), names=names, params=params, seed=seed)
    return FittedReranker(Reranker(trees, best, size), by_weight[best])


def read_shortlists(stage: FirstStage, training: RankingQueries, *, size: int) -> Shortlists:
    """The shortlists of `stage` for the training queries, in their order."""
    rank = np.empty(len(training.queries))
    found, features, scores, place = [], [], [], []
    for part in blocks(len(training.queries), stage.num_ranked):
        scored = stage.score_queries(training.queries[part])
        hidden = training.hidden[part]
        candidates = shortlist(scored, size=size)
        rank[part] = _first_stage_ranks(scored.scores, scored.excluded(), hidden)
        is_hidden = candidates == hidden[:, np.newaxis]
        rows = np.flatnonzero(is_hidden.any(axis=1))
        first = np.take_along_axis(scored.scores, np.maximum(candidates, 0), axis=1)
        found.append(part.start + rows)
        features.append(scored.features(candidates)[rows])
        scores.append(np.where(candidates >= 0, first, -np.inf)[rows])
        place.append(is_hidden[rows].argmax(axis=1))
    return Shortlists(
        rank,
        training.group,
        np.concatenate(found),
        np.concatenate(features),
        np.concatenate(scores),
        np.concatenate(place),
    )


def out_of_fold_ranks(
    found: Shortlists, *, names: Sequence[str], params: TreeParams, seed: int
) -> dict[float, NDArray[np.float64]]:
    """Rank of each query's hidden item by each of `TREES_WEIGHTS`, [num_queries].

    No group is ranked by trees that saw one of its queries.
    """
    fold = found.group[found.found] % NUM_FOLDS
    by_trees = np.zeros_like(found.scores)
    is_item = np.isfinite(found.scores)
    for held_out in range(NUM_FOLDS):
        trees = TreeEnsemble(_fit(found, fold != held_out, names=names, params=params, seed=seed))
        for row in np.flatnonzero(fold == held_out).tolist():
            by_trees[row, is_item[row]] = trees.score(found.features[row, is_item[row]])
    ranks = {weight: found.rank.copy() for weight in TREES_WEIGHTS}
    for weight, of_weight in ranks.items():
        for row, query in enumerate(found.found.tolist()):
            final = combine(found.scores[row, is_item[row]], by_trees[row, is_item[row]], weight)
            own = final[found.place[row]]
            of_weight[query] = 1 + float((final > own).sum()) + (float((final == own).sum()) - 1) / 2
    return ranks


def _first_stage_ranks(
    scores: NDArray[np.float32],
    excluded: tuple[NDArray[np.integer], NDArray[np.integer]],
    hidden: NDArray[np.int64],
) -> NDArray[np.int64]:
    masked = scores.copy()
    masked[excluded] = -np.inf
    own = scores[np.arange(len(hidden)), hidden]
    return np.asarray(1 + (masked > own[:, np.newaxis]).sum(axis=1))


def _fit(
    found: Shortlists, is_in: NDArray[np.bool_], *, names: Sequence[str], params: TreeParams, seed: int
) -> NDArray[np.uint8]:
    """Trees of the found shortlists `is_in`."""
    rows = np.flatnonzero(is_in)
    relevance = np.zeros((len(rows), found.scores.shape[1]), dtype=np.int64)
    relevance[np.arange(len(rows)), found.place[rows]] = 1
    is_item = np.isfinite(found.scores[rows])
    return fit_ranker(
        found.features[rows][is_item],
        relevance[is_item],
        is_item.sum(axis=1),
        names=names,
        seed=seed,
        params=params,
    )
