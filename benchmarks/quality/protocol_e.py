"""Protocol E: the next item of Amazon Beauty's sequences, the last left out, full ranking."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.exports.amazon_beauty import TEST_FROM, VALIDATION_FROM, write_amazon_beauty
from benchmarks.quality.options import Options
from benchmarks.quality.report import ProtocolReport, gather, ours_minus
from etl.ingest import ingest
from etl.pseudonyms import KEY_FILE
from etl.tables import Tables
from gnn.components.ease.exact import Ease
from gnn.components.sequences.evaluation import closed_forms, histories_of, out_of_fold_ranks, sequence_score
from gnn.components.sequences.fitting import fit_evidence, fit_history_ease, fit_trees
from gnn.components.sequences.shortlists import read_shortlists
from gnn.components.shop import pack_catalogue, pack_categories
from gnn.config import CONFIGS, SequenceConfig, TrainingConfig
from gnn.data.purchases import Purchases, choose_ranked, read_purchase_log, read_purchases
from gnn.data.queries import NextItemQueries, next_item_queries
from gnn.evaluation.metrics import Interval, ScoreQueries, full_ranking, hit_rate_at_k, ndcg_at_k, ndcg_gains
from gnn.network.sequence_task import score_sequences
from gnn.network.training import no_progress, train_links
from gnn.network.training_run import LearnedLinks
from gnn.scoring.item_codes import LEVELS, item_codes
from gnn.scoring.trees import no_trees
from graph.edges import EdgeTables, edge_tables

METRICS = ("hr@10", "ndcg@10")
OURS, GNN, UNORDERED = "ranker", "gnn", "gnn_without_order"

#: Reviewers of a public data set have nothing to hide; a key drawn anew would order them anew each run.
_KEY = "public reviews need no secret key"

Ranks = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Setting:
    """What all seeds share."""

    edges: EdgeTables
    purchases: Purchases
    """Before validation; columns: ranked indices."""
    ranked: NDArray[np.int32]
    groups: NDArray[np.int32]
    ease: Ease
    validation: NextItemQueries
    test: NextItemQueries


def run(options: Options) -> ProtocolReport:
    """Every seed on the same queries: each user's last item but one for validation, the last for test."""
    started = time.perf_counter()
    setting = read_setting(ingest_beauty(options.dataset("amazon-beauty"), options))
    baselines = closed_forms(
        setting.purchases, setting.ease, category=setting.groups[LEVELS.index("category")]
    )
    test_ranks, validation_ranks, seconds = [], [], []
    for seed in range(options.seeds):
        config = replace(CONFIGS[options.config], seed=seed)
        validation, test = run_once(setting, config, options.scratch)
        if not seed:
            models = {**baselines, UNORDERED: _unordered(setting, config, options.scratch)}
            validation = {**_ranks(models, setting.validation), **validation}
            test = {**_ranks(models, setting.test), **test}
        test_ranks.append(test)
        validation_ranks.append(validation)
        seconds.append(time.perf_counter() - started)
        started = time.perf_counter()
    gains = {model: ndcg_gains(ranks, 10) for model, ranks in test_ranks[0].items()}
    by_order = ours_minus(gains, ours=GNN)[UNORDERED]
    return ProtocolReport(
        protocol="E",
        title="next item of a sequence",
        measures=_measures(setting),
        metrics=METRICS,
        ours=OURS,
        models=gather([_metrics(ranks) for ranks in test_ranks]),
        seeds=options.seeds,
        seconds=seconds,
        validation=gather([_metrics(ranks) for ranks in validation_ranks]),
        intervals={"ndcg@10": ours_minus(gains, ours=OURS)},
        targets={f"{OURS}/hr@10": 0.088, f"{OURS}/ndcg@10": 0.056},
        notes=[
            f"Order alone ({GNN} minus {UNORDERED}), NDCG@10: {_text(by_order)}.",
            f"Closed forms, which draw nothing, and {UNORDERED} are fitted in the run of seed 0 alone.",
        ],
    )


def ingest_beauty(source: Path, options: Options) -> Tables:
    """The tables of the public files, without the shop's own item links: sequence models do not see them."""
    export = options.scratch / "export"
    write_amazon_beauty(source, export)
    (export / "item_links.parquet").unlink()
    options.home.mkdir(parents=True, exist_ok=True)
    (options.home / KEY_FILE).write_text(_KEY, encoding="utf-8")
    return ingest(str(export), options.home).tables


def read_setting(tables: Tables) -> Setting:
    """What is known before validation, and the queries; all items are ranked."""
    edges = edge_tables(tables, until=VALIDATION_FROM)
    purchases = read_purchases(tables, edges, until=VALIDATION_FROM)
    ranked = choose_ranked(purchases, min_item_baskets=0)
    log = read_purchase_log(tables, edges, ranked)
    of_items = purchases.of_items(ranked)
    return Setting(
        edges=edges,
        purchases=of_items,
        ranked=ranked,
        groups=item_codes(pack_catalogue(tables, edges, purchases), pack_categories(tables, edges), ranked),
        ease=fit_history_ease(of_items),
        validation=next_item_queries(log, since=VALIDATION_FROM, until=TEST_FROM),
        test=next_item_queries(log, since=TEST_FROM, until=None),
    )


def run_once(setting: Setting, config: TrainingConfig, scratch: Path) -> tuple[Ranks, Ranks]:
    """Ranks of the models that every seed fits anew, on validation and on test."""
    ordered = _links(setting, config, scratch, is_ordered=True)
    evidence = fit_evidence(setting.purchases, ordered, setting.ease, groups=setting.groups)
    models: dict[str, ScoreQueries] = {
        GNN: lambda queries: score_sequences(histories_of(queries), ordered),
        "stage_one": sequence_score(evidence, no_trees()),
    }
    validation = _ranks(models, setting.validation)
    shortlists = read_shortlists(evidence, setting.validation)
    validation[OURS] = out_of_fold_ranks(evidence, setting.validation, shortlists, seed=config.seed)
    models[OURS] = sequence_score(evidence, fit_trees(shortlists, seed=config.seed))
    return validation, _ranks(models, setting.test)


def _unordered(setting: Setting, config: TrainingConfig, scratch: Path) -> ScoreQueries:
    links = _links(setting, config, scratch, is_ordered=False)
    return lambda queries: score_sequences(histories_of(queries), links)


def _links(setting: Setting, config: TrainingConfig, scratch: Path, *, is_ordered: bool) -> LearnedLinks:
    return train_links(
        setting.purchases,
        setting.edges,
        setting.ranked,
        config=config,
        validation=setting.validation,
        max_epochs=SequenceConfig().max_epochs,
        checkpoint=scratch / f"seed-{config.seed}-{is_ordered}.pt",
        progress=no_progress,
        sequence_config=SequenceConfig(is_ordered=is_ordered),
    )


def _ranks(models: Mapping[str, ScoreQueries], queries: NextItemQueries) -> dict[str, NDArray[np.float64]]:
    return {name: full_ranking(score, queries) for name, score in models.items()}


def _metrics(ranks: Ranks) -> dict[str, dict[str, float]]:
    return {
        model: {"hr@10": hit_rate_at_k(values, 10), "ndcg@10": ndcg_at_k(values, 10)}
        for model, values in ranks.items()
    }


def _measures(setting: Setting) -> str:
    return (
        f"The last item of each of {len(setting.test)} users is ranked among {len(setting.ranked)} items "
        "without those of the history, which ends with the item before (validation: one place earlier). "
        "All models are fitted to what is before the validation item, the ranker's trees to the validation "
        "items. On validation the ranker is out of fold by user."
    )


def _text(interval: Interval) -> str:
    return f"{interval.difference:+.4f}, 95 % interval {interval.low:+.4f} to {interval.high:+.4f}"
