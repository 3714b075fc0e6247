"""Protocol F: cold items of Complete Journey, ranked among all; the warm items beside them.

A tenth of protocol B's catalogue is drawn by seed 0, and every line of these items is left out of all
training, counting and tuning. The weights of cold items are fitted on other items, held out in the same way.
The cost of cold items for warm ones is measured against two models: one that puts cold items last, and one
that is trained with the lines of these items too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.quality.cold_baselines import fit_cold_baselines
from benchmarks.quality.cold_models import (
    ALL_KNOWN,
    COLD_LAST,
    HELD_BACK,
    OURS,
    TOLERANCE,
    Setting,
    fit_all_known,
    fit_with_cold,
)
from benchmarks.quality.cold_queries import draw_cold, hide_one, without_lines
from benchmarks.quality.holdouts import protocol_b_config
from benchmarks.quality.options import BenchmarkError, Options
from benchmarks.quality.report import ProtocolReport, gather, ours_minus
from etl.ingest import ingest
from gnn.config import TrainingConfig
from gnn.data.content import read_content
from gnn.data.purchases import choose_ranked, read_purchases
from gnn.data.queries import CompletionQueries
from gnn.data.training_data import split_by_time
from gnn.evaluation.measuring import METRICS, metrics_table
from gnn.evaluation.metrics import ScoreQueries, full_ranking, ndcg_gains
from graph.edges import edge_tables

#: model → metric → value
Table = dict[str, dict[str, float]]


def run(options: Options) -> ProtocolReport:
    """Every seed on the same items and queries; the model that knows all items by seed 0 alone."""
    config = replace(protocol_b_config(options.config), min_item_baskets=30)
    setting = _prepare(options, config)
    known: Mapping[str, ScoreQueries] = {}
    if options.baselines == "all":
        known = {ALL_KNOWN: fit_all_known(setting, config, scratch=options.scratch)}
    known_ranks = {part: _ranks(known, queries) for part, queries in setting.queries.items()}
    baselines: Sequence[str] = ()
    runs, seconds = [], []
    for seed in range(options.seeds):
        started = time.perf_counter()
        holdout, rows = fit_with_cold(setting, replace(config, seed=seed), scratch=options.scratch)
        content_alone = {}
        if options.baselines != "none":
            content_alone = fit_cold_baselines(
                setting.without, setting.edges, setting.catalogue, holdout.context.data.purchases.item_baskets
            )
        baselines = list(content_alone)
        runs.append(
            {
                part: _ranks(content_alone | rows, queries) | known_ranks[part]
                for part, queries in setting.queries.items()
            }
        )
        seconds.append(time.perf_counter() - started)
    gains = {model: ndcg_gains(ranks, 20) for model, ranks in runs[0]["cold"].items()}
    cold, warm = ([metrics_table(ranks[part]) for ranks in runs] for part in ("cold", "warm"))
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
        intervals={"ndcg@20": ours_minus(gains, ours=OURS)},
        targets=targets(cold, warm, baselines) if known else {},
        notes=warm_costs(warm) if known else [],
    )


def _prepare(options: Options, config: TrainingConfig) -> Setting:
    tables = ingest("completejourney", options.home).tables
    split = split_by_time(tables, config=config)
    if split is None:
        raise BenchmarkError("expected the days of protocol B, found fewer: ingest completejourney anew")
    until = split.validation_from
    edges = edge_tables(tables, until=until)
    catalogue = choose_ranked(
        read_purchases(tables, edges, until=until), min_item_baskets=config.min_item_baskets
    )
    cold = draw_cold(edges, catalogue)
    ids = edges.nodes["Item"]["item_id"].take(pa.array(cold)).combine_chunks()
    without = without_lines(tables, ids, folder=options.scratch / "without-cold-lines")
    known_edges = edge_tables(without, until=until)
    return Setting(
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


def _ranks(models: Mapping[str, ScoreQueries], queries: CompletionQueries) -> dict[str, NDArray[np.float64]]:
    return {name: full_ranking(score, queries) for name, score in models.items()}


def _measures(setting: Setting) -> str:
    return (
        f"{len(setting.cold)} of {len(setting.catalogue)} items have no line in the data of training, "
        f"counting and tuning. {len(setting.queries['cold'])} test baskets from {setting.split.test_day} "
        "hide one of them, the rest of the cart without others; it is ranked among all items but the cart's. "
        "The slice of warm items hides a known item of the same baskets, ranked among the same."
    )


def targets(cold: Sequence[Table], warm: Sequence[Table], baselines: Sequence[str]) -> dict[str, float]:
    """1.3 times the best of `baselines`, and warm items within 1 % of either reference."""
    best = {metric: max(cold[0][name][metric] for name in baselines) for metric in ("ndcg@20", "hr@20")}
    return {f"{OURS}/{metric}": 1.3 * value for metric, value in best.items()} | {
        f"warm items/{OURS}/ndcg@20": 0.99 * _mean(warm, ALL_KNOWN),
        f"{HELD_BACK}/ndcg@20": 1.3 * best["ndcg@20"],
        f"warm items/{HELD_BACK}/ndcg@20": 0.99 * _mean(warm, COLD_LAST),
    }


def warm_costs(warm: Sequence[Table]) -> list[str]:
    """The cost of cold items for warm ones, in sentences."""
    last, known = _mean(warm, COLD_LAST), _mean(warm, ALL_KNOWN)
    costs = [
        f"{name} {_mean(warm, name) / last - 1:+.1%} ({_mean(warm, name) / known - 1:+.1%})"
        for name in (OURS, HELD_BACK, ALL_KNOWN)
    ]
    return [
        "NDCG@20 of warm items against a model that never shows a cold item before a warm one (in brackets: "
        f"against {ALL_KNOWN}, the same carts, fitted once, by seed 0): {', '.join(costs)}. {OURS} costs "
        "warm items on validation as much as the same items cost them when they were known (`train "
        f"--launches`); {HELD_BACK} may cost them {TOLERANCE:.0%}.",
        "The baselines rank by content alone: the slice of warm items shows the cost of that.",
    ]


def _mean(tables: Sequence[Table], name: str) -> float:
    return float(np.mean([table[name]["ndcg@20"] for table in tables]))
