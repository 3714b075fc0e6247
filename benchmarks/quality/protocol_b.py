"""Protocol B: complete a basket of Complete Journey, strict and rolling, full ranking.

Strict: every history ends before week 46. Rolling: it ends with the local day before the basket. The models
are fitted once, before week 46, and judged by the code that `bundlegraph train` runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scipy.sparse import csr_matrix

from benchmarks.baselines.als import fit_als
from benchmarks.baselines.bpr import fit_bpr
from benchmarks.baselines.content_knn import fit_content_knn
from benchmarks.baselines.item_knn import fit_bm25_knn, fit_cosine_knn
from benchmarks.quality.options import Options
from benchmarks.quality.report import Models, ProtocolReport, gather
from benchmarks.quality.rolling import with_rolling_histories
from benchmarks.quality.trials import trial_of
from etl.ingest import ingest
from etl.sources.completejourney import WEEK_46, WEEK_49
from gnn.components.model_rows import baselines
from gnn.components.trial import Trial
from gnn.components.tuning import judge_trial
from gnn.config import CONFIGS, TrainingConfig
from gnn.data.content import item_documents
from gnn.evaluation.measuring import METRICS
from gnn.evaluation.metrics import Interval, ScoreQueries
from gnn.network.training import no_progress
from graph.edges import EdgeTables, edge_tables

Metrics = Mapping[str, Any]


def run(options: Options) -> ProtocolReport:
    """Every seed judged on the same queries."""
    tables = ingest("completejourney", options.home).tables
    edges = edge_tables(tables)
    config = replace(CONFIGS[options.config], validation_from=WEEK_46, test_from=WEEK_49)
    strict: list[Metrics] = []
    rolling: list[Metrics] = []
    seconds = []
    for seed in range(options.seeds):
        started = time.perf_counter()
        seeded = replace(config, seed=seed)
        trial = trial_of(tables, seeded, checkpoint=options.scratch / f"seed-{seed}.pt")
        beside = _drawn_baselines(trial, seed) | ({} if seed else _further_baselines(trial, edges))
        strict.append(_judge(trial, seeded, beside))
        seconds.append(time.perf_counter() - started)
        rolling.append(_judge(with_rolling_histories(trial, tables, edges), seeded, beside))
    return ProtocolReport(
        protocol="B",
        title="completing a basket",
        measures=_measures(strict[0]["protocol"]),
        metrics=METRICS,
        ours="served",
        models=_test(strict),
        seeds=options.seeds,
        seconds=seconds,
        validation=gather([metrics["validation"] for metrics in strict]),
        slices=_slices(strict)
        | {"rolling": (strict[0]["protocol"]["num_test_queries"], _test(rolling))}
        | {f"rolling, {name}": part for name, part in _slices(rolling).items()},
        intervals={
            "ndcg@20": {model: Interval(**row) for model, row in strict[0]["served_minus"].items()},
            "ndcg@20, rolling": {model: Interval(**row) for model, row in rolling[0]["served_minus"].items()},
        },
        targets={"served/ndcg@20": 0.167, "rolling/served/ndcg@20": 0.177},
        notes=[
            strict[0]["leak_probe"]["text"],
            f"Rolling: {rolling[0]['leak_probe']['text']}",
            "Baselines that draw nothing are fitted in the run of seed 0 alone.",
        ],
    )


def _drawn_baselines(trial: Trial, seed: int) -> dict[str, ScoreQueries]:
    """Those that differ by seed; each completes a cart, and knows no household."""
    baskets = csr_matrix(trial.model.ranked_purchases.lines.sign())
    return {"als": fit_als(baskets, seed=seed).score, "bpr": fit_bpr(baskets, seed=seed).score}


def _further_baselines(trial: Trial, edges: EdgeTables) -> dict[str, ScoreQueries]:
    """What draws nothing and `bundlegraph train` does not fit; each completes a cart, knows no household."""
    baskets = csr_matrix(trial.model.ranked_purchases.lines.sign())
    documents = item_documents(edges)
    return {
        "item_knn": fit_cosine_knn(baskets).score,
        "bm25_knn": fit_bm25_knn(baskets).score,
        "content_knn": fit_content_knn([documents[item] for item in trial.model.ranked]).score,
    }


def _judge(trial: Trial, config: TrainingConfig, beside: Mapping[str, ScoreQueries]) -> Metrics:
    """The closed forms beside it in the run of seed 0: they know the trial's histories, strict or rolling."""
    closed = {} if config.seed else baselines(trial.model)
    return judge_trial(trial, config=config, beside={**closed, **beside}, progress=no_progress).metrics


def _test(runs: Sequence[Metrics]) -> Models:
    return gather([metrics["test"] for metrics in runs])


def _slices(runs: Sequence[Metrics]) -> dict[str, tuple[int, Models]]:
    return {
        name: (part["num_queries"], gather([metrics["slices"][name]["models"] for metrics in runs]))
        for name, part in runs[0]["slices"].items()
    }


def _measures(protocol: Mapping[str, object]) -> str:
    return (
        f"One item of a basket of at least four is hidden and ranked among {protocol['num_ranked']} items "
        f"without the cart's. Learned from what is before {protocol['validation_from']}, where all histories "
        f"end (strict; rolling: where the basket's local day begins); {protocol['num_validation_queries']} "
        f"validation queries from then on, {protocol['num_test_queries']} test queries from "
        f"{protocol['test_from']}. Validation of `served` is out of fold."
    )
