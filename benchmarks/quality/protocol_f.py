"""Protocol F: cold items of Complete Journey, ranked among all; the warm items beside them.

A tenth of protocol B's catalogue is drawn by seed 0, and every line of these items is taken out of all that
is trained, counted or tuned on. The weights of cold items are fitted on others that are taken out alike.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.quality.cold_baselines import fit_cold_baselines
from benchmarks.quality.cold_queries import draw_cold, hide_one, without_lines
from benchmarks.quality.options import Options
from benchmarks.quality.report import ProtocolReport, gather
from etl.ingest import ingest
from etl.sources.completejourney import WEEK_46, WEEK_49
from etl.tables import Tables
from gnn.artifact import ModelArtifact
from gnn.blend import fit_blend, scorer_queries
from gnn.cold.content import Content, read_content
from gnn.cold.fitting import WARM_TOLERANCE, fit_cold_weights
from gnn.cold.packing import pack_cold
from gnn.cold.siblings import default_weights
from gnn.cold.slate import ColdSlate
from gnn.config import CONFIGS, TrainingConfig
from gnn.errors import TrainingError
from gnn.evaluation.bootstrap import Interval, paired_interval
from gnn.evaluation.metrics import ScoreQueries, full_ranking, ndcg_gains
from gnn.evaluation.queries import CompletionQueries
from gnn.evaluation.tables import METRICS, metrics_table
from gnn.purchases import choose_ranked, read_purchases
from gnn.scorer import ItemScorer
from gnn.split import TimeSplit, split_by_time
from gnn.training import no_progress
from gnn.trial import Trial, fit_trial
from graph.edges import EdgeTables, edge_tables

OURS = "blend with cold items"
WITHOUT_TEXT = "the same without text"
COLD_LAST = "blend, cold items last"
LOOSE = "the same, cold items let in further"
#: Share of NDCG@20 that known items may lose in the row `LOOSE`; in the others what the product allows.
LOOSE_TOLERANCE = 0.05

Ranks = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class _Setting:
    """What all seeds share."""

    tables: Tables
    without: Tables
    """The tables without a line of a cold item."""
    edges: EdgeTables
    """Of `without`, before validation."""
    catalogue: NDArray[np.int32]
    cold: NDArray[np.int32]
    content: Content
    """Of `catalogue`."""
    split: TimeSplit
    queries: Mapping[str, CompletionQueries]
    """`cold` and `warm`: what is hidden."""


def run(options: Options) -> ProtocolReport:
    """Every seed on the same items and queries."""
    config = replace(CONFIGS[options.config], validation_from=WEEK_46, test_from=WEEK_49, min_item_baskets=30)
    setting = _prepare(options, config)
    runs, seconds = [], []
    for seed in range(options.seeds):
        started = time.perf_counter()
        runs.append(_ranks(setting, replace(config, seed=seed), options))
        seconds.append(time.perf_counter() - started)
    cold, warm = ([metrics_table(ranks[part]) for ranks in runs] for part in ("cold", "warm"))
    baselines = [name for name in runs[0]["cold"] if name not in (OURS, WITHOUT_TEXT, LOOSE, COLD_LAST)]
    best = {metric: max(cold[0][name][metric] for name in baselines) for metric in ("ndcg@20", "hr@20")}
    known = float(np.mean([table[COLD_LAST]["ndcg@20"] for table in warm]))
    return ProtocolReport(
        protocol="F",
        title="cold items",
        measures=_measures(setting),
        metrics=METRICS,
        ours=OURS,
        models=gather(cold),
        seeds=options.seeds,
        seconds=seconds,
        slices={"warm items": (len(setting.queries["warm"]), gather(warm))},
        intervals={"ndcg@20": _intervals(runs[0]["cold"])},
        targets={f"{OURS}/{metric}": 1.3 * value for metric, value in best.items()}
        | {f"warm items/{OURS}/ndcg@20": 0.99 * known},
        notes=_notes(warm),
    )


def _prepare(options: Options, config: TrainingConfig) -> _Setting:
    tables = ingest("completejourney", options.home).tables
    split = split_by_time(tables, config=config)
    if split is None:
        raise TrainingError("expected the days of protocol B, found fewer: ingest completejourney anew")
    until = split.validation_from
    edges = edge_tables(tables, until=until)
    catalogue = choose_ranked(
        read_purchases(tables, edges, until=until), min_item_baskets=config.min_item_baskets
    )
    cold = draw_cold(edges, catalogue)
    ids = edges.nodes["Item"]["item_id"].take(pa.array(cold)).combine_chunks()
    without = without_lines(tables, ids, folder=options.scratch / "without-cold-lines")
    known_edges = edge_tables(without, until=until)
    return _Setting(
        tables=tables,
        without=without,
        edges=known_edges,
        catalogue=catalogue,
        cold=cold,
        content=read_content(without, known_edges, catalogue, text_cache=options.home / "text.sqlite"),
        split=split,
        queries={
            part: hide_one(tables, edges, catalogue, cold, since=split.test_from, hides_cold=part == "cold")
            for part in ("cold", "warm")
        },
    )


def _ranks(setting: _Setting, config: TrainingConfig, options: Options) -> dict[str, Ranks]:
    """Ranks of the hidden items by model, of both kinds of queries."""
    known = np.setdiff1d(setting.catalogue, setting.cold).astype(np.int32)
    trial = _trial(setting.without, setting.split, config, options)
    if not np.array_equal(trial.model.ranked, known):
        raise TrainingError("expected all but the cold items to be ranked: a line of theirs was left")
    at_cut = _blended(trial)
    words = replace(setting.content, dense=setting.content.dense[:, :0])
    last = np.append(default_weights(1)[:-1], np.float32(-1e6))
    models: dict[str, ScoreQueries] = {
        **fit_cold_baselines(
            setting.without, setting.edges, setting.catalogue, trial.model.purchases.item_baskets
        ),
        COLD_LAST: _served(at_cut, setting, words, last),
        WITHOUT_TEXT: _served(at_cut, setting, words, _fit(at_cut, trial, setting, words)),
        LOOSE: _served(
            at_cut,
            setting,
            setting.content,
            _fit(at_cut, trial, setting, setting.content, warm_tolerance=LOOSE_TOLERANCE),
        ),
        OURS: _served(at_cut, setting, setting.content, _fit(at_cut, trial, setting, setting.content)),
    }
    return {
        part: {name: full_ranking(score, queries) for name, score in models.items()}
        for part, queries in setting.queries.items()
    }


def _trial(tables: Tables, split: TimeSplit, config: TrainingConfig, options: Options) -> Trial:
    trial = fit_trial(
        tables,
        split,
        config=config,
        checkpoint=options.scratch / f"{tables.folder.name}-{config.seed}.pt",
        progress=no_progress,
    )
    if trial is None:
        raise TrainingError("expected baskets from week 46 on, found none: ingest completejourney anew")
    return trial


def _blended(trial: Trial) -> ModelArtifact:
    """The artifact of `trial` with the blend fitted on its validation queries."""
    info = trial.at_cut.info
    scorer = ItemScorer(trial.at_cut)
    blend = fit_blend(scorer, trial.validation, trial.model.ranked, info.config["blend"])  # type: ignore[arg-type]  # a JSON object
    return replace(trial.at_cut, info=replace(info, config=info.config | {"blend": blend}))


def _fit(
    at_cut: ModelArtifact,
    trial: Trial,
    setting: _Setting,
    content: Content,
    warm_tolerance: float = WARM_TOLERANCE,
) -> NDArray[np.float32]:
    """Weights of cold items, fitted on known ones and the queries of `trial`'s validation."""
    weights = fit_cold_weights(
        ItemScorer(at_cut),
        content.of_items(np.flatnonzero(np.isin(setting.catalogue, trial.model.ranked))),
        scorer_queries(trial.validation, trial.model.ranked),
        trial.validation.hidden,
        rng=np.random.default_rng(0),
        warm_tolerance=warm_tolerance,
    )
    if weights is None:
        raise TrainingError("expected validation baskets that teach where cold items stand, found too few")
    return weights


def _served(
    at_cut: ModelArtifact, setting: _Setting, content: Content, weights: NDArray[np.float32]
) -> ScoreQueries:
    """The blend of `at_cut` with the cold items beside it, scores in the order of the catalogue."""
    scorer = ItemScorer(at_cut)
    is_cold = np.isin(setting.catalogue, setting.cold)
    slate = ColdSlate(pack_cold(content, setting.cold, np.flatnonzero(is_cold), weights=weights))

    def score(queries: CompletionQueries) -> NDArray[np.float32]:
        known = [scorer.evidence(query) for query in scorer_queries(queries, setting.catalogue)]
        scores = np.zeros((len(known), len(is_cold)), dtype=np.float32)
        scores[:, ~is_cold] = scorer.weigh(scorer.features_of(known))
        for row, evidence in zip(scores, known, strict=True):
            row[is_cold] = slate.score(row[~is_cold], evidence)
        return scores

    return score


def _intervals(ranks: Ranks) -> dict[str, Interval]:
    """NDCG@20 of ours minus that of each other model, paired over the cold queries of the first seed."""
    ours = ndcg_gains(ranks[OURS], 20)
    return {
        name: paired_interval(ours, ndcg_gains(values, 20), rng=np.random.default_rng(0))
        for name, values in ranks.items()
        if name != OURS
    }


def _measures(setting: _Setting) -> str:
    return (
        f"{len(setting.cold)} of {len(setting.catalogue)} items have no line in anything that is trained, "
        f"counted or tuned on. {len(setting.queries['cold'])} test baskets from {setting.split.test_day} "
        "hide one of them, the rest of the cart without others; it is ranked among all items but the cart's. "
        "The slice of warm items hides a known item of the same baskets, ranked among the same."
    )


def _notes(warm: list[dict[str, dict[str, float]]]) -> list[str]:
    ours, loose, last = (
        float(np.mean([table[name]["ndcg@20"] for table in warm])) for name in (OURS, LOOSE, COLD_LAST)
    )
    return [
        f"What cold items cost the warm ones, NDCG@20 against never showing them before a warm one: {OURS} "
        f"{ours / last - 1:+.1%} ({WARM_TOLERANCE:.0%} was allowed on validation), {LOOSE} "
        f"{loose / last - 1:+.1%} ({LOOSE_TOLERANCE:.0%} allowed).",
        "The rows of baselines rank by content alone: see what that costs in the slice of warm items.",
    ]
