"""Protocol B: complete a basket of Complete Journey, strict (histories end before week 46), full ranking.

The models are judged by the code that `bundlegraph train` runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from benchmarks.quality.options import Options
from benchmarks.quality.report import ProtocolReport, gather
from etl.ingest import ingest
from etl.sources.completejourney import WEEK_46, WEEK_49
from etl.tables import Tables
from gnn.config import CONFIGS, TrainingConfig
from gnn.errors import TrainingError
from gnn.evaluation.bootstrap import Interval
from gnn.evaluation.tables import METRICS
from gnn.judging import Judgement, judge
from gnn.split import split_by_time

Table = Mapping[str, Mapping[str, float]]


def run(options: Options) -> ProtocolReport:
    """Every seed judged on the same queries."""
    tables = ingest("completejourney", options.home).tables
    config = replace(CONFIGS[options.config], validation_from=WEEK_46, test_from=WEEK_49)
    runs, seconds = [], []
    for seed in range(options.seeds):
        started = time.perf_counter()
        runs.append(run_once(tables, replace(config, seed=seed), options.scratch).metrics)
        seconds.append(time.perf_counter() - started)
    first = runs[0]
    slices = cast("Mapping[str, Mapping[str, object]]", first["slices"])
    return ProtocolReport(
        protocol="B",
        title="completing a basket",
        measures=_measures(cast("Mapping[str, object]", first["protocol"])),
        metrics=METRICS,
        ours="blend",
        models=gather([cast("Table", metrics["test"]) for metrics in runs]),
        seeds=options.seeds,
        seconds=seconds,
        validation=gather([cast("Table", metrics["validation"]) for metrics in runs]),
        slices={
            name: (
                cast("int", part["num_queries"]),
                gather([cast("dict[str, dict[str, Table]]", run["slices"])[name]["models"] for run in runs]),
            )
            for name, part in slices.items()
        },
        intervals={
            "ndcg@20": {model: Interval(**row) for model, row in cast("Table", first["blend_minus"]).items()}
        },
        targets={"blend/ndcg@20": 0.167},
    )


def run_once(tables: Tables, config: TrainingConfig, scratch: Path) -> Judgement:
    """One judged training run.

    Raises:
        TrainingError: If nothing could be measured.
    """
    judgement = judge(
        tables,
        split=split_by_time(tables, config=config),
        config=config,
        checkpoint=scratch / f"seed-{config.seed}.pt",
        progress=lambda stage, done, total: None,
    )
    if not judgement.metrics:
        raise TrainingError(f"nothing was measured: {'; '.join(judgement.warnings)}")
    return judgement


def _measures(protocol: Mapping[str, object]) -> str:
    return (
        f"One item of a basket of at least four is hidden and ranked among {protocol['num_ranked']} items "
        f"without the cart's. Learned from what is before {protocol['validation_from']}, where all histories "
        f"end; {protocol['num_validation_queries']} validation queries from then on, "
        f"{protocol['num_test_queries']} test queries from {protocol['test_from']}."
    )
