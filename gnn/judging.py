"""Judging: the model fitted to the past alone, beside the baselines, on baskets that it has not seen."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.artifact import ModelArtifact
from gnn.assembly import assemble
from gnn.baselines.co_purchase import fit_co_purchase
from gnn.baselines.ease import fit_ease
from gnn.baselines.household import EaseAndHousehold, fit_household
from gnn.baselines.popularity import fit_popularity
from gnn.blend import DEFAULT_BLEND, DEFAULT_LINK, best_top_k, fit_blend, fit_link, scorer_queries
from gnn.config import TrainingConfig
from gnn.evaluation.leak_probe import LEAK_PROBE, histories_by_user, probe_items
from gnn.evaluation.measuring import leak_warnings, measure
from gnn.evaluation.metrics import ScoreQueries, full_ranking, ndcg_at_k
from gnn.evaluation.queries import CompletionQueries, completion_queries
from gnn.evaluation.slices import is_cold_item, is_cold_user, is_cross_category, is_new_to_user
from gnn.fitting import FittedModel, fit_model
from gnn.packing import pack_model
from gnn.purchases import choose_ranked, read_purchases
from gnn.scorer import ItemScorer
from gnn.split import TimeSplit
from gnn.training import Progress
from graph.edges import EdgeTables, edge_tables

logger = logging.getLogger(__name__)

#: λ of the EASE baselines, in units of the mean diagonal: 200 at Complete Journey, as protocol B has it.
BASELINE_RIDGE = 1.84

#: Queries under which shorter baskets are let in, and under which no weight is fitted.
ENOUGH_QUERIES, FEWEST_QUERIES = 200, 50

_NDCG_TOLERANCE = 0.0005


@dataclass(frozen=True)
class Judgement:
    """What was chosen on validation, and the metrics of it."""

    num_epochs: int
    """Epochs that the final fit is to take."""
    top_k: int
    """EASE weights that are kept a row."""
    blend: dict[str, float]
    link: dict[str, float]
    metrics: dict[str, object]
    """Empty where there was nothing to judge by."""
    warnings: list[str]


def judge(
    tables: Tables, *, split: TimeSplit | None, config: TrainingConfig, checkpoint: Path, progress: Progress
) -> Judgement:
    """Fit to what is before `split.validation_from`, choose on validation, and read test once.

    Histories end where validation begins, for validation and test alike (protocol B, strict).
    """
    if split is None:
        return _unjudged(config, "no time split: the baskets lie on fewer than three days")
    progress("reading", 0, 1)
    until = split.validation_from
    edges = edge_tables(tables, until=until)
    purchases = read_purchases(tables, edges, until=until)
    ranked = choose_ranked(purchases, min_item_baskets=config.min_item_baskets)
    validation = _queries(tables, edges, ranked, config, since=until, until=split.test_from)
    test = _queries(tables, edges, ranked, config, since=split.test_from, until=None)
    progress("reading", 1, 1)
    if not len(ranked) or not len(validation) or not len(test):
        return _unjudged(config, "too few baskets in validation or test to judge by")

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
    progress("judging", 0, 3)
    start = _start_of_blend(model)
    at_cut = assemble(tables, edges, model, top_k=0, blend=start, link=DEFAULT_LINK)
    top_k = _choose_top_k(at_cut, model, validation, config.ease_top_k)
    at_cut = _with_top_k(at_cut, model, top_k)
    blend, link, warnings = dict(start), dict(DEFAULT_LINK), []
    if len(validation) < FEWEST_QUERIES:
        warnings.append(f"only {len(validation)} validation queries: the blend keeps its default weights")
    else:
        blend = fit_blend(ItemScorer(at_cut), validation, ranked, start)
        link = fit_link(at_cut.model, validation, rng=np.random.default_rng(config.seed))
        logger.info("blend %s, link %s", blend, link)
    progress("judging", 1, 3)
    models = _baselines(model) | _served(at_cut, model, blend)
    metrics = _metrics(model, at_cut, models, validation, test, split)
    warnings += leak_warnings(metrics)
    logger.info("metrics of %d models on %d + %d queries", len(models), len(validation), len(test))
    progress("judging", 3, 3)
    return Judgement(model.links.num_epochs, top_k, blend, link, metrics, warnings)


def _unjudged(config: TrainingConfig, reason: str) -> Judgement:
    return Judgement(
        num_epochs=config.max_epochs,
        top_k=max(config.ease_top_k),
        blend=dict(DEFAULT_BLEND),
        link=dict(DEFAULT_LINK),
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


def _start_of_blend(model: FittedModel) -> dict[str, float]:
    by_log, by_known = model.links.count_weights
    return DEFAULT_BLEND | {"bought": max(by_log, 0.0), "known": max(by_known, 0.0)}


def _choose_top_k(
    at_cut: ModelArtifact, model: FittedModel, validation: CompletionQueries, choices: Sequence[int]
) -> int:
    """How many EASE weights a row are kept: as few as validation NDCG@20 allows."""
    ndcg_by_k = []
    for k in choices:
        ranks = full_ranking(_score_of(_with_top_k(at_cut, model, k), model), validation)
        ndcg_by_k.append((k, ndcg_at_k(ranks, 20)))
        logger.info("EASE top %d: validation NDCG@20 %.4f", *ndcg_by_k[-1])
    return best_top_k(ndcg_by_k, tolerance=_NDCG_TOLERANCE)


def _with_top_k(artifact: ModelArtifact, model: FittedModel, k: int) -> ModelArtifact:
    return replace(artifact, model=pack_model(model.ranked, model.links, model.ease.top(k)))


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


def _served(at_cut: ModelArtifact, model: FittedModel, blend: dict[str, float]) -> dict[str, ScoreQueries]:
    """The GNN alone (with its own weights on counts) and the blend, both by the scorer that serves."""
    by_log, by_known = model.links.count_weights
    served = {"blend": _score_of(_reweighted(at_cut, blend), model)}
    if model.kind == "gnn":
        alone = {"gnn": 1.0, "bought": by_log, "known": by_known}
        served = {"gnn": _score_of(_reweighted(at_cut, alone), model)} | served
    return served


def _reweighted(artifact: ModelArtifact, blend: dict[str, float]) -> ModelArtifact:
    return replace(artifact, info=replace(artifact.info, config=artifact.info.config | {"blend": blend}))


def _score_of(artifact: ModelArtifact, model: FittedModel) -> ScoreQueries:
    scorer = ItemScorer(artifact)
    return lambda queries: scorer.score(scorer_queries(queries, model.ranked))


def _metrics(
    model: FittedModel,
    at_cut: ModelArtifact,
    models: dict[str, ScoreQueries],
    validation: CompletionQueries,
    test: CompletionQueries,
    split: TimeSplit,
) -> dict[str, object]:
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
        ours="blend",
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
