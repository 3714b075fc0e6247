"""Protocol E: the next item of Amazon Beauty's sequences, the last left out, full ranking."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.exports.amazon_beauty import TEST_FROM, VALIDATION_FROM, write_amazon_beauty
from benchmarks.quality.holdouts import holdout_of
from benchmarks.quality.options import Options
from benchmarks.quality.report import ProtocolReport, gather, ours_minus
from etl.ingest import IngestOptions, ingest
from etl.pseudonyms import KEY_FILE
from etl.tables import Tables
from gnn.components.assembly import tuned
from gnn.components.holdout import Holdout
from gnn.components.tuning import choose, served_score
from gnn.config import CONFIGS, TrainingConfig
from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import Interval, ScoreQueries, full_ranking, hit_rate_at_k, ndcg_at_k, ndcg_gains
from gnn.scoring.item_model import Reranker

METRICS = ("hr@10", "ndcg@10")
OURS, FIRST_STAGE, GNN, UNORDERED = "ranker", "first_stage", "gnn", "gnn_without_order"

#: Reviewers of a public data set have nothing to hide; a key drawn anew would order them anew each run.
_KEY = "public reviews need no secret key"

Ranks = Mapping[str, NDArray[np.float64]]


def run(options: Options) -> ProtocolReport:
    """Every seed on the same queries: each user's last item but one for validation, the last for test."""
    tables = ingest_beauty(options.dataset("amazon-beauty"), options)
    test_ranks, validation_ranks, seconds = [], [], []
    for seed in range(options.seeds):
        started = time.perf_counter()
        holdout = fit_beauty(tables, sequence_config(options.config, seed=seed), options.scratch)
        validation, test = product_ranks(holdout)
        if not seed:
            models = _baselines(holdout, options)
            validation = {**_ranks(models, holdout.validation), **validation}
            test = {**_ranks(models, holdout.test), **test}
        test_ranks.append(test)
        validation_ranks.append(validation)
        seconds.append(time.perf_counter() - started)
    gains = {model: ndcg_gains(ranks, 10) for model, ranks in test_ranks[0].items()}
    notes = [f"Closed forms, which draw nothing, and {UNORDERED} are fitted in the run of seed 0 alone."]
    if UNORDERED in gains:
        by_order = ours_minus(gains, ours=GNN)[UNORDERED]
        notes.insert(0, f"Order alone ({GNN} minus {UNORDERED}), NDCG@10: {_text(by_order)}.")
    return ProtocolReport(
        protocol="E",
        title="next item of a sequence",
        measures=_measures(holdout),
        metrics=METRICS,
        ours=OURS,
        models=gather([_metrics(ranks) for ranks in test_ranks]),
        seeds=options.seeds,
        seconds=seconds,
        validation=gather([_metrics(ranks) for ranks in validation_ranks]),
        intervals={"ndcg@10": ours_minus(gains, ours=OURS)},
        targets={f"{OURS}/hr@10": 0.088, f"{OURS}/ndcg@10": 0.056},
        notes=notes,
    )


def ingest_beauty(source: Path, options: Options) -> Tables:
    """The tables of the public files, without the shop's own item links: sequence models do not see them."""
    export = options.scratch / "export"
    write_amazon_beauty(source, export)
    (export / "item_links.parquet").unlink()
    options.home.mkdir(parents=True, exist_ok=True)
    (options.home / KEY_FILE).write_text(_KEY, encoding="utf-8")
    return ingest(str(export), options.home, options=IngestOptions(replace=True)).tables


def sequence_config(name: str, *, seed: int, is_ordered: bool = True) -> TrainingConfig:
    """The configuration `name`; all items are ranked, and the split leaves each user's last item out."""
    config = CONFIGS[name]
    return replace(
        config,
        seed=seed,
        min_item_baskets=0,
        validation_from=VALIDATION_FROM.date(),
        test_from=TEST_FROM.date(),
        sequence=replace(config.sequence, is_ordered=is_ordered),
    )


def fit_beauty(tables: Tables, config: TrainingConfig, scratch: Path) -> Holdout:
    """The model of `config` before each user's last item but one, and queries for the last two items."""
    checkpoint = scratch / f"seed-{config.seed}-{config.sequence.is_ordered}.pt"
    return holdout_of(tables, config, checkpoint=checkpoint, is_sequence=True)


def product_ranks(holdout: Holdout) -> tuple[Ranks, Ranks]:
    """Ranks by the network, the first stage and both stages on validation and test.

    On validation, both stages are ranked out of fold.
    """
    choice, ranked = choose(holdout), holdout.context.data.ranked
    artifact = tuned(holdout.artifact, holdout.context, choice.tuning)
    models: dict[str, ScoreQueries] = {
        GNN: holdout.task.network_score(artifact, holdout.context),
        FIRST_STAGE: served_score(replace(artifact, reranker=Reranker()), ranked),
        OURS: served_score(artifact, ranked),
    }
    validation, test = (_ranks(models, queries) for queries in (holdout.validation, holdout.test))
    return validation if choice.ranks is None else validation | {OURS: choice.ranks}, test


def _baselines(holdout: Holdout, options: Options) -> dict[str, ScoreQueries]:
    """Closed forms, and the network over histories whose order it does not know."""
    if options.baselines == "none":
        return {}
    models = holdout.task.baselines(holdout.context)
    if options.baselines == "all":
        config = sequence_config(options.config, seed=holdout.context.config.seed, is_ordered=False)
        unordered = fit_beauty(holdout.context.data.tables, config, options.scratch)
        models[UNORDERED] = unordered.task.network_score(unordered.artifact, unordered.context)
    return models


def _ranks(models: Mapping[str, ScoreQueries], queries: CompletionQueries) -> dict[str, NDArray[np.float64]]:
    return {name: full_ranking(score, queries) for name, score in models.items()}


def _metrics(ranks: Ranks) -> dict[str, dict[str, float]]:
    return {
        model: {"hr@10": hit_rate_at_k(values, 10), "ndcg@10": ndcg_at_k(values, 10)}
        for model, values in ranks.items()
    }


def _measures(holdout: Holdout) -> str:
    return (
        f"The last item of each of {len(holdout.test)} users is ranked among "
        f"{len(holdout.context.data.ranked)} items without those of the history, which ends with the item "
        "before (validation: one place earlier). All models are fitted to the events before the validation "
        "item, the ranker's trees to the validation items. On validation the ranker is out of fold by user."
    )


def _text(interval: Interval) -> str:
    return f"{interval.difference:+.4f}, 95 % interval {interval.low:+.4f} to {interval.high:+.4f}"
