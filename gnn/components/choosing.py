"""Choosing the served weights on validation: EASE rows, the blend, links, and the second stage."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.components.boosted_trees import group_gains
from gnn.components.co_basket import fit_companion_trees
from gnn.components.ensemble import best_top_k, fit_blend, scorer_queries
from gnn.components.fitting import FittedModel
from gnn.components.links import fit_links
from gnn.components.reranker import fit_trees
from gnn.components.shop import pack_model
from gnn.config import TrainingConfig
from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import ScoreQueries, full_ranking, ndcg_at_k
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.reranker import GROUPS, Reranker
from gnn.scoring.weights import DEFAULT_BLEND, ServedWeights

logger = logging.getLogger(__name__)

#: Queries under which no weight is fitted.
FEWEST_QUERIES = 50

_NDCG_TOLERANCE = 0.0005


@dataclass(frozen=True)
class Choice:
    """The weights, and how they do on validation."""

    weights: ServedWeights
    served_ranks: NDArray[np.float64] | None
    """Rank of each validation query's hidden item by trees that did not see its basket; none without trees,
    where the blend is served."""
    importances: dict[str, float]
    """What each group of `gnn.scoring.reranker.GROUPS` adds to the trees, shares of 1; empty without trees."""
    warnings: list[str]


def choose_weights(
    at_cut: ModelArtifact, model: FittedModel, validation: CompletionQueries, *, config: TrainingConfig
) -> Choice:
    """The weights of `model` (its artifact: `at_cut`) that rank the hidden items of `validation` best."""
    start = starting_weights(model, config)
    top_k = _choose_top_k(at_cut, model, start, validation, config.ease_top_k)
    start = replace(start, ease_top_k=top_k)
    if len(validation) < FEWEST_QUERIES:
        few = f"only {len(validation)} validation queries: the blend keeps its default weights"
        return Choice(start, None, {}, [few])
    at_cut = with_weights(at_cut, model, start)
    blend = fit_blend(ItemScorer(at_cut), validation, model.ranked, start.blend)
    link, calibration = fit_links(at_cut.model, validation, rng=np.random.default_rng(config.seed))
    logger.info("blend %s, link %s, calibrated by %d knots", blend, link, len(calibration.raw))
    weights = replace(
        start,
        blend=blend,
        link=link,
        link_calibration=calibration,
        shortlist_size=config.shortlist_size,
    )
    at_cut = with_weights(at_cut, model, weights)
    scorer = ItemScorer(at_cut)
    reranker = Reranker(at_cut, scorer)
    companions = fit_companion_trees(reranker, scorer, validation, model.ranked, seed=config.seed)
    weights = replace(weights, companion_trees=companions)
    fitted = fit_trees(reranker, scorer, validation, model.ranked, seed=config.seed)
    if fitted is None:
        return Choice(replace(weights, shortlist_size=0), None, {}, [])
    weights = replace(weights, trees=fitted.trees, trees_weight=fitted.weight)
    return Choice(weights, fitted.ranks, group_gains(fitted.trees, GROUPS), [])


def starting_weights(model: FittedModel, config: TrainingConfig) -> ServedWeights:
    """What is served where nothing can be chosen: the GNN's own weights on counts in the default blend."""
    by_log, by_known = model.links.count_weights
    blend = DEFAULT_BLEND | {"bought": max(by_log, 0.0), "known": max(by_known, 0.0)}
    return ServedWeights(ease_top_k=max(config.ease_top_k), blend=blend)


def with_weights(artifact: ModelArtifact, model: FittedModel, weights: ServedWeights) -> ModelArtifact:
    """`artifact` of `model`, served by other weights."""
    return replace(
        artifact,
        info=replace(artifact.info, config=artifact.info.config | weights.to_config()),
        model=pack_model(model, weights),
    )


def served_score(artifact: ModelArtifact, ranked: NDArray[np.int32]) -> ScoreQueries:
    """Both stages of `artifact` as evaluation asks for scores; `ranked` as `ItemModel.ranked`."""
    reranker = Reranker(artifact, ItemScorer(artifact))
    return lambda queries: reranker.score(scorer_queries(queries, ranked))


def _choose_top_k(
    at_cut: ModelArtifact,
    model: FittedModel,
    start: ServedWeights,
    validation: CompletionQueries,
    choices: Sequence[int],
) -> int:
    """How many EASE weights a row are kept: as few as validation NDCG@20 allows."""
    ndcg_by_k = []
    for k in choices:
        score = served_score(with_weights(at_cut, model, replace(start, ease_top_k=k)), model.ranked)
        ndcg_by_k.append((k, ndcg_at_k(full_ranking(score, validation), 20)))
        logger.info("EASE top %d: validation NDCG@20 %.4f", *ndcg_by_k[-1])
    return best_top_k(ndcg_by_k, tolerance=_NDCG_TOLERANCE)
