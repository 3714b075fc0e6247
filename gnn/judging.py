"""Judging: the model fitted to the past alone, beside the baselines, on baskets that it has not seen."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.artifact import ModelArtifact
from gnn.assembly import assemble
from gnn.baselines.co_purchase import fit_co_purchase
from gnn.baselines.ease import fit_ease
from gnn.baselines.household import EaseAndHousehold, fit_household
from gnn.baselines.popularity import fit_popularity
from gnn.blend import scorer_queries
from gnn.choosing import choose_weights, served_score, starting_weights, with_weights
from gnn.cold.content import read_content
from gnn.cold.fitting import fit_cold_weights
from gnn.config import TrainingConfig
from gnn.evaluation.leak_probe import LEAK_PROBE, histories_by_user, probe_items
from gnn.evaluation.measuring import leak_warnings, measure
from gnn.evaluation.metrics import ScoreQueries
from gnn.evaluation.queries import CompletionQueries, completion_queries
from gnn.evaluation.slices import is_cold_item, is_cold_user, is_cross_category, is_new_to_user
from gnn.evaluation.tables import metrics_of
from gnn.fitting import FittedModel, fit_model, ranked_items
from gnn.judgement import Judgement
from gnn.purchases import Purchases, read_purchases
from gnn.scorer import ItemScorer
from gnn.sequence.judging import judge_sequences
from gnn.sequence.users import is_sequential
from gnn.split import TimeSplit
from gnn.training import Progress
from gnn.weights import ServedWeights, without_trees
from graph.edges import EdgeTables, edge_tables

logger = logging.getLogger(__name__)

#: λ of the EASE baselines, in units of the mean diagonal: 200 at Complete Journey, as protocol B has it.
BASELINE_RIDGE = 1.84

#: Queries under which shorter baskets are let in.
ENOUGH_QUERIES = 200


@dataclass(frozen=True)
class Trial:
    """A model that was fitted to the past alone, and the queries that it is judged by."""

    model: FittedModel
    at_cut: ModelArtifact
    """Its artifact, served by the weights that choosing begins with."""
    validation: CompletionQueries
    test: CompletionQueries
    split: TimeSplit


def judge(
    tables: Tables,
    *,
    split: TimeSplit | None,
    config: TrainingConfig,
    checkpoint: Path,
    text_cache: Path | None,
    progress: Progress,
) -> Judgement:
    """Fit to what is before `split.validation_from`, choose on validation, and read test once.

    Where the data are baskets, one item of each is hidden, and histories end where validation begins, for
    validation and test alike (protocol B, strict); where they are sequences (`gnn.sequence.users`), the next
    item is asked for (protocol E).
    """
    if split is None:
        return _unjudged(config, "no time split: the baskets lie on fewer than three days")
    progress("reading", 0, 1)
    edges = edge_tables(tables, until=split.validation_from)
    purchases = read_purchases(tables, edges, until=split.validation_from)
    progress("reading", 1, 1)
    if is_sequential(purchases):
        judged = judge_sequences(
            tables, edges, purchases, split, config=config, checkpoint=checkpoint, progress=progress
        )
        return judged or _unjudged(config, "nobody bought a new item in validation or test to judge by")
    trial = fit_trial(
        tables, edges, purchases, split, config=config, checkpoint=checkpoint, progress=progress
    )
    if trial is None:
        return _unjudged(config, "too few baskets in validation or test to judge by")
    judgement = judge_trial(trial, config=config, progress=progress)
    content = read_content(tables, edges, trial.model.ranked, text_cache=text_cache)
    weights = fit_cold_weights(
        ItemScorer(with_weights(trial.at_cut, trial.model, judgement.weights)),
        content,
        scorer_queries(trial.validation, trial.model.ranked),
        trial.validation.hidden,
        rng=np.random.default_rng(config.seed),
    )
    if weights is None:
        return judgement
    warnings = [*judgement.warnings, *([content.warning] if content.warning else [])]
    return replace(judgement, cold_weights=weights, warnings=warnings)


def fit_trial(
    tables: Tables,
    edges: EdgeTables,
    purchases: Purchases,
    split: TimeSplit,
    *,
    config: TrainingConfig,
    checkpoint: Path,
    progress: Progress,
) -> Trial | None:
    """Fit to `edges` and `purchases` before validation; none where no query follows to judge by."""
    ranked = ranked_items(purchases, config)
    validation = _queries(tables, edges, ranked, config, since=split.validation_from, until=split.test_from)
    test = _queries(tables, edges, ranked, config, since=split.test_from, until=None)
    if not len(ranked) or not len(validation) or not len(test):
        return None
    model = fit_model(
        purchases,
        edges,
        config=config,
        ranked=ranked,
        validation=validation,
        max_epochs=config.max_epochs,
        checkpoint=checkpoint,
        progress=progress,
    )
    at_cut = assemble(tables, edges, model, weights=starting_weights(model, config))
    return Trial(model, at_cut, validation, test, split)


def judge_trial(trial: Trial, *, config: TrainingConfig, progress: Progress) -> Judgement:
    """Choose weights on the validation queries of `trial`, and measure it beside the baselines."""
    progress("judging", 0, 3)
    model = trial.model
    choice = choose_weights(trial.at_cut, model, trial.validation, config=config)
    at_cut = with_weights(trial.at_cut, model, choice.weights)
    progress("judging", 1, 3)
    models = _baselines(model) | _served(at_cut, model, choice.weights)
    metrics = _metrics(trial, models)
    if choice.served_ranks is not None:
        # The trees know validation by heart: what they are worth is measured out of fold.
        metrics["validation"]["served"] = metrics_of(choice.served_ranks)
        metrics["importances"] = choice.importances
    logger.info(
        "metrics of %d models on %d + %d queries", len(models), len(trial.validation), len(trial.test)
    )
    progress("judging", 3, 3)
    warnings = choice.warnings + leak_warnings(metrics)
    return Judgement(model.links.num_epochs, choice.weights, metrics, warnings)


def _unjudged(config: TrainingConfig, reason: str) -> Judgement:
    return Judgement(
        num_epochs=config.max_epochs,
        weights=ServedWeights(ease_top_k=max(config.ease_top_k)),
        metrics={},
        warnings=[f"not judged, default weights: {reason}"],
    )


def _queries(
    tables: Tables,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    *,
    since: datetime,
    until: datetime | None,
) -> CompletionQueries:
    """Queries of a window; where they are few, baskets of two items count as well."""
    for min_basket_items in (config.min_basket_items, 2):
        queries = completion_queries(
            tables,
            edges,
            ranked,
            since=since,
            until=until,
            min_basket_items=min_basket_items,
            max_queries=config.max_queries,
            rng=np.random.default_rng(0),
        )
        if len(queries) >= ENOUGH_QUERIES:
            break
    return queries


def _baselines(model: FittedModel) -> dict[str, ScoreQueries]:
    purchases = model.ranked_purchases
    household = fit_household(purchases)
    ease = fit_ease(purchases, ridge=BASELINE_RIDGE)
    return {
        "popularity": fit_popularity(purchases).score,
        "co_purchase": fit_co_purchase(purchases).score,
        "ease": ease.score,
        "household": household.score,
        "ease_household": EaseAndHousehold(ease, household).score,
        "ease_weighted": model.ease.score,
        "ease_weighted_household": EaseAndHousehold(model.ease, household).score,
    }


def _served(at_cut: ModelArtifact, model: FittedModel, weights: ServedWeights) -> dict[str, ScoreQueries]:
    """The GNN alone (with its own weights on counts), the blend, and both stages, by the code that serves."""
    by_log, by_known = model.links.count_weights
    rows = {"served": weights}
    if len(weights.trees):
        rows = {"blend": without_trees(weights)} | rows
    if model.kind == "gnn":
        alone = {"gnn": 1.0, "bought": by_log, "known": by_known}
        rows = {"gnn": replace(without_trees(weights), blend=alone)} | rows
    return {name: served_score(with_weights(at_cut, model, row), model.ranked) for name, row in rows.items()}


def _metrics(trial: Trial, models: dict[str, ScoreQueries]) -> dict[str, Any]:
    model, at_cut, split = trial.model, trial.at_cut, trial.split
    validation, test = trial.validation, trial.test
    purchases = model.ranked_purchases
    slices = {
        "cross_category": is_cross_category(test, roots_of(at_cut)),
        "new_to_user": is_new_to_user(test, purchases.counts),
        "cold_item": is_cold_item(test, purchases.item_baskets),
        "cold_user": is_cold_user(test, purchases.counts),
    }
    category = at_cut.catalogue.category[model.ranked]
    probe = probe_items(histories_by_user(purchases.counts), category)
    return {
        "protocol": {
            "task": "complete a basket: one hidden item, ranked among all ranked items but the cart's",
            "validation_from": split.validation_day.isoformat(),
            "test_from": split.test_day.isoformat(),
            "num_ranked": len(model.ranked),
            "num_validation_queries": len(validation),
            "num_test_queries": len(test),
        }
    } | measure(
        {LEAK_PROBE: probe} | models,
        ours="served",
        validation=validation,
        test=test,
        slices=slices,
        popularity=purchases.item_baskets / max(purchases.lines.shape[0], 1),
    )


def roots_of(artifact: ModelArtifact) -> NDArray[np.int32]:
    """Level-0 category of each ranked item, -1 for none, [num_ranked]."""
    root = artifact.categories.roots()
    category = artifact.catalogue.category[artifact.model.ranked]
    return np.where(category >= 0, root[category], -1).astype(np.int32) if len(root) else category
