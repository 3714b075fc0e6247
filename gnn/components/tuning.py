"""Judging: the model fitted to the past alone, beside the baselines, on baskets that it has not seen."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from etl.tables import Tables
from gnn.components.category_links.evaluation import judge_categories
from gnn.components.choosing import choose_weights, with_weights
from gnn.components.cold_items.choice import cold_of_catalogue
from gnn.components.cold_items.fitting import fit_cold_weights
from gnn.components.ensemble import scorer_queries
from gnn.components.link_evaluation import judge_links
from gnn.components.model_rows import baselines, served_models
from gnn.components.sequences.evaluation import judge_sequences
from gnn.components.trial import Trial, fit_trial
from gnn.components.tuning_result import Judgement
from gnn.config import TrainingConfig
from gnn.data.content import read_content
from gnn.data.splits import TimeSplit
from gnn.evaluation.leak_probe import LEAK_PROBE, histories_by_user, probe_items
from gnn.evaluation.measuring import leak_warnings, measure_models, metrics_of
from gnn.evaluation.metrics import ScoreQueries
from gnn.evaluation.slices import is_cold_item, is_cold_user, is_cross_category, is_new_to_user
from gnn.network.training import Progress
from gnn.scoring.item_codes import LEVELS, item_codes
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.weights import ServedWeights

logger = logging.getLogger(__name__)


def judge(
    tables: Tables,
    *,
    split: TimeSplit | None,
    is_sequence: bool,
    config: TrainingConfig,
    checkpoint: Path,
    text_cache: Path | None,
    progress: Progress,
) -> Judgement:
    """Fit to what is before `split.validation_from`, choose on validation, and read test once.

    Where the data are baskets, one item of each is hidden, and histories end where validation begins, for
    validation and test alike (protocol B, strict); where they are sequences (`gnn.data.sequences`, of all
    purchases, not of those before the split alone), the next item is asked for (protocol E).
    """
    if split is None:
        return _unjudged(config, "no time split: the baskets lie on fewer than three days")
    if is_sequence:
        judged = judge_sequences(tables, split, config=config, checkpoint=checkpoint, progress=progress)
        return judged or _unjudged(config, "nobody bought a new item in validation or test to judge by")
    trial = fit_trial(tables, split, config=config, checkpoint=checkpoint, progress=progress)
    if trial is None:
        return _unjudged(config, "too few baskets in validation or test to judge by")
    judged = judge_trial(trial, config=config, beside=baselines(trial.model), progress=progress)
    judgement = _with_categories(judged, tables, trial)
    if not _has_cold(trial):
        return judgement
    content = read_content(tables, trial.edges, trial.model.ranked, text_cache=text_cache)
    weights = fit_cold_weights(
        ItemScorer(with_weights(trial.at_cut, trial.model, judgement.weights)),
        content,
        scorer_queries(trial.validation, trial.model.ranked),
        trial.validation.hidden,
        rng=np.random.default_rng(config.seed),
        warm_tolerance=config.warm_tolerance,
    )
    if weights is None:
        return judgement
    warnings = [*judgement.warnings, *([content.warning] if content.warning else [])]
    return replace(judgement, cold_weights=weights, warnings=warnings)


def _has_cold(trial: Trial) -> bool:
    """Whether an item that nobody bought before the cut could be among those of `gnn.components.cold_items.choice`.

    Where none is, none is later, and weights of cold items would weigh nothing.
    """
    return len(cold_of_catalogue(trial.at_cut.catalogue, trial.model.ranked)) > 0


def judge_trial(
    trial: Trial,
    *,
    config: TrainingConfig,
    beside: Mapping[str, ScoreQueries],
    progress: Progress,
) -> Judgement:
    """Choose weights on the validation queries of `trial`, and measure it beside other models."""
    progress("judging", 0, 3)
    model = trial.model
    choice = choose_weights(trial.at_cut, model, trial.validation, config=config)
    at_cut = with_weights(trial.at_cut, model, choice.weights)
    progress("judging", 1, 3)
    models = dict(beside) | served_models(at_cut, model, choice.weights)
    metrics = _metrics(trial, models)
    if choice.served_ranks is not None:
        # The trees know validation by heart: what they are worth is measured out of fold.
        metrics["validation"]["served"] = metrics_of(choice.served_ranks)
        metrics["importances"] = choice.importances
    rng = np.random.default_rng(config.seed)
    metrics["link_calibration"] = judge_links(at_cut.model, choice.weights, trial.test, rng=rng)
    logger.info(
        "metrics of %d models on %d + %d queries", len(models), len(trial.validation), len(trial.test)
    )
    progress("judging", 3, 3)
    warnings = choice.warnings + leak_warnings(metrics)
    return Judgement(model.links.num_epochs, choice.weights, metrics, warnings)


def _with_categories(judgement: Judgement, tables: Tables, trial: Trial) -> Judgement:
    found = judge_categories(
        tables, trial.edges, trial.model, trial.split, category=trial.at_cut.catalogue.category
    )
    if found is None:
        return judgement
    metrics = judgement.metrics | {"categories": found.metrics}
    return replace(judgement, category_prior=found.prior, metrics=metrics)


def _unjudged(config: TrainingConfig, reason: str) -> Judgement:
    return Judgement(
        num_epochs=config.max_epochs,
        weights=ServedWeights(ease_top_k=max(config.ease_top_k)),
        metrics={},
        warnings=[f"not judged, default weights: {reason}"],
    )


def _metrics(trial: Trial, models: dict[str, ScoreQueries]) -> dict[str, Any]:
    at_cut, test, purchases = trial.at_cut, trial.test, trial.model.ranked_purchases
    groups = item_codes(at_cut.catalogue, at_cut.categories, trial.model.ranked)
    codes = dict(zip(LEVELS, groups, strict=True))
    slices = {
        "cross_category": is_cross_category(test, codes["root"]),
        "new_to_user": is_new_to_user(test, purchases.counts),
        "cold_item": is_cold_item(test, purchases.item_baskets),
        "cold_user": is_cold_user(test, purchases.counts),
    }
    probe = probe_items(histories_by_user(purchases.counts), codes["category"])
    return measure_models(
        "complete a basket: one hidden item, ranked among all ranked items but the cart's",
        {LEAK_PROBE: probe} | models,
        ours="served",
        split=trial.split,
        validation=trial.validation,
        test=test,
        slices=slices,
        popularity=purchases.item_baskets / max(purchases.lines.shape[0], 1),
    )
