"""Tuning: everything is chosen on validation queries, then measured on test queries, which are read once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import basket_stage, first_stage, item_scorer, two_stage_scorer
from gnn.components.assembly import tuned
from gnn.components.boosted_trees import group_gains
from gnn.components.bundle_ranking.fitting import tune_bundle_ranking
from gnn.components.category_links import tune_category_prior
from gnn.components.co_basket import tune_co_basket
from gnn.components.cold_items.fitting import tune_cold_weights
from gnn.components.cold_items.unsold import choose_cold
from gnn.components.context import Tuning
from gnn.components.ensemble import fit_ensemble, smallest_good_k
from gnn.components.holdout import Holdout, fit_holdout
from gnn.components.links import fit_link_probability, link_metrics
from gnn.components.reranker import fit_reranker
from gnn.components.tasks import task_of
from gnn.config import TrainingConfig
from gnn.data.content import read_content
from gnn.data.queries import item_queries
from gnn.data.training_data import TimeSplit, TrainingData, training_data
from gnn.evaluation.measuring import leak_warnings, measure_models, metrics_of
from gnn.evaluation.metrics import ScoreQueries, full_ranking, ndcg_at_k
from gnn.network.training import Progress
from gnn.scoring.item_model import Reranker

logger = logging.getLogger(__name__)

#: Queries under which no weight is fitted.
FEWEST_QUERIES = 50

#: Loss of validation NDCG@20 that fewer EASE weights a row may cost.
_NDCG_TOLERANCE = 0.0005


@dataclass(frozen=True)
class TuningResult:
    """What was chosen on validation, and how good it is."""

    tuning: Tuning
    metrics: dict[str, object]
    """Tables of `gnn.evaluation`; empty where there was nothing to evaluate on."""
    warnings: list[str]


@dataclass(frozen=True)
class Choice:
    """The tuning of item scores, and how it does on validation."""

    tuning: Tuning
    ranks: NDArray[np.float64] | None
    """Out-of-fold rank of each validation query's hidden item; none without trees."""
    importances: dict[str, float]
    """Gain of the trees by group of features, shares of 1; empty without trees."""
    warnings: list[str]


def tune(
    tables: Tables,
    split: TimeSplit | None,
    *,
    is_sequence: bool,
    config: TrainingConfig,
    checkpoint: Path,
    text_cache: Path | None,
    progress: Progress,
) -> TuningResult:
    """Fit to the data before `split.validation_from`, choose on validation, and read test once."""
    if split is None:
        return _untuned(is_sequence, config, "no time split: the baskets lie on fewer than three days")
    progress("reading", 0, 1)
    data = training_data(tables, config=config, is_sequence=is_sequence, until=split.validation_from)
    progress("reading", 1, 1)
    holdout = fit_holdout(data, split, config=config, checkpoint=checkpoint, progress=progress)
    if holdout is None:
        result = _untuned(is_sequence, config, "too few purchases in validation or test to evaluate on")
    else:
        result = evaluate_holdout(holdout, progress=progress)
        if not is_sequence:
            result = _with_categories(result, holdout)
            result = _with_cold_items(result, holdout, text_cache=text_cache)
    return _with_bundles(result, data, split, config)


def evaluate_holdout(
    holdout: Holdout, *, beside: Mapping[str, ScoreQueries] | None = None, progress: Progress
) -> TuningResult:
    """Choose the tuning of item scores on the validation queries, and measure it beside other models.

    `beside` are these models; the task's baselines where it is not given.
    """
    progress("evaluating", 0, 3)
    choice = choose(holdout)
    artifact = tuned(holdout.artifact, holdout.context, choice.tuning)
    progress("evaluating", 1, 3)
    models = holdout.task.baselines(holdout.context) if beside is None else dict(beside)
    models |= served_models(holdout, artifact)
    purchases = holdout.context.data.ranked_purchases
    metrics: dict[str, Any] = measure_models(
        holdout.task.question,
        models,
        ours="served",
        split=holdout.split,
        validation=holdout.validation,
        test=holdout.test,
        slices=holdout.task.slices(holdout.test, holdout.context),
        popularity=purchases.item_baskets / max(purchases.lines.shape[0], 1),
    )
    if choice.ranks is not None:
        # The trees were fitted to all of validation: their own figure there is out of fold.
        metrics["validation"]["served"] = metrics_of(choice.ranks)
        metrics["importances"] = choice.importances
    metrics["link_calibration"] = link_metrics(
        artifact.network,
        artifact.ease,
        artifact.link_probability,
        holdout.test,
        rng=np.random.default_rng(holdout.context.config.seed),
    )
    logger.info(
        "metrics of %d models on %d + %d queries", len(models), len(holdout.validation), len(holdout.test)
    )
    progress("evaluating", 3, 3)
    return TuningResult(choice.tuning, metrics, choice.warnings + leak_warnings(metrics))


def choose(holdout: Holdout) -> Choice:
    """The tuning that ranks the hidden items of the validation queries best."""
    context, config, validation = holdout.context, holdout.context.config, holdout.validation
    ranked, is_sequence = context.data.ranked, context.data.is_sequence
    tuning = replace(context.tuning, ease_top_k=_choose_top_k(holdout))
    if len(validation) < FEWEST_QUERIES:
        few = f"only {len(validation)} validation queries: the ensemble keeps its default weights"
        return Choice(tuning, None, {}, [few])
    artifact = tuned(holdout.artifact, context, tuning)
    rng = np.random.default_rng(config.seed)
    if not is_sequence:
        ensemble = fit_ensemble(item_scorer(artifact), validation, ranked, tuning.ensemble)
        tuning = replace(tuning, ensemble=ensemble)
    link = fit_link_probability(artifact.network, artifact.ease, validation, rng=rng)
    tuning = replace(tuning, link_probability=link)
    logger.info("ensemble %s, %s", tuning.ensemble, link)
    artifact = tuned(holdout.artifact, context, tuning)
    scorer = item_scorer(artifact)
    if not is_sequence:
        trees = tune_co_basket(basket_stage(artifact, scorer), validation, ranked, seed=config.seed)
        tuning = replace(tuning, co_basket=trees)
    stage = first_stage(artifact, scorer)
    fitted = fit_reranker(
        stage,
        holdout.task.training_queries(validation, ranked, seed=config.seed),
        size=min(config.shortlist_size, stage.num_ranked),
        params=holdout.task.tree_params,
        seed=config.seed,
    )
    if fitted is None:
        return Choice(tuning, None, {}, [])
    tuning = replace(tuning, reranker=fitted.reranker)
    return Choice(tuning, fitted.ranks, group_gains(fitted.reranker.trees, stage.feature_groups), [])


def served_models(holdout: Holdout, artifact: ModelArtifact) -> dict[str, ScoreQueries]:
    """The network alone, the first stage, and both stages, by the code that serves."""
    ranked = holdout.context.data.ranked
    models = {"served": served_score(artifact, ranked)}
    if len(artifact.reranker.trees):
        models = {"ensemble": served_score(replace(artifact, reranker=Reranker()), ranked)} | models
    if artifact.network.is_trained:
        models = {"gnn": holdout.task.network_score(artifact, holdout.context)} | models
    return models


def served_score(artifact: ModelArtifact, ranked: NDArray[np.int32]) -> ScoreQueries:
    """Both stages of `artifact` as evaluation calls them."""
    scorer = two_stage_scorer(artifact)
    return lambda queries: scorer.score(item_queries(queries, ranked))


def _choose_top_k(holdout: Holdout) -> int:
    """EASE weights that are kept a row: as few as validation NDCG@20 allows."""
    context = holdout.context
    choices = holdout.task.top_k_choices(context.config)
    if len(choices) == 1:
        return choices[0]
    ndcg_by_k = []
    for k in choices:
        artifact = tuned(holdout.artifact, context, replace(context.tuning, ease_top_k=k))
        ranks = full_ranking(served_score(artifact, context.data.ranked), holdout.validation)
        ndcg_by_k.append((k, ndcg_at_k(ranks, 20)))
        logger.info("EASE top %d: validation NDCG@20 %.4f", *ndcg_by_k[-1])
    return smallest_good_k(ndcg_by_k, tolerance=_NDCG_TOLERANCE)


def _untuned(is_sequence: bool, config: TrainingConfig, reason: str) -> TuningResult:
    task = task_of(is_sequence=is_sequence)
    tuning = Tuning(task.max_epochs(config), max(task.top_k_choices(config)))
    return TuningResult(tuning, {}, [f"not evaluated, default weights: {reason}"])


def _with_categories(result: TuningResult, holdout: Holdout) -> TuningResult:
    context = holdout.context
    found = tune_category_prior(
        context.data, context.learned.links, holdout.split, category=holdout.artifact.catalogue.category
    )
    if found is None:
        return result
    prior, metrics = found
    return replace(
        result,
        tuning=replace(result.tuning, category_prior=prior),
        metrics=result.metrics | {"categories": metrics},
    )


def _with_cold_items(result: TuningResult, holdout: Holdout, *, text_cache: Path | None) -> TuningResult:
    """Weights of cold items, where the catalogue has items that nobody bought before the split.

    Where it has none, it has none later either: nothing would use the weights.
    """
    data, config = holdout.context.data, holdout.context.config
    if not len(choose_cold(holdout.artifact.catalogue, data.ranked)):
        return result
    content = read_content(data.tables, data.edges, data.ranked, text_cache=text_cache)
    weights = tune_cold_weights(
        item_scorer(tuned(holdout.artifact, holdout.context, result.tuning)),
        content,
        item_queries(holdout.validation, data.ranked),
        holdout.validation.hidden,
        rng=np.random.default_rng(config.seed),
        warm_tolerance=config.warm_tolerance,
    )
    if weights is None:
        return result
    warnings = [*result.warnings, *([content.warning] if content.warning else [])]
    return replace(result, tuning=replace(result.tuning, cold_weights=weights), warnings=warnings)


def _with_bundles(
    result: TuningResult, data: TrainingData, split: TimeSplit, config: TrainingConfig
) -> TuningResult:
    found = tune_bundle_ranking(data, split, config=config)
    if found is None:
        return result
    tuning, metrics = found
    return replace(
        result,
        tuning=replace(result.tuning, bundle_ranking=tuning),
        metrics=result.metrics | ({"bundles": metrics} if metrics else {}),
    )
