"""Ranking quality by protocol, every model in one run: `python -m benchmarks.quality B [--seeds N]`.

Protocol B: complete a basket of Complete Journey, strict (histories end before week 46), full ranking. The
models are judged by the code that `bundlegraph train` runs. Prints the tables, writes `quality_b.json` beside
this file, and its section of `results.md`.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from benchmarks.results import commit, machine, markdown_table, write_section
from etl.ingest import ingest
from etl.sources.completejourney import WEEK_46, WEEK_49
from etl.tables import Tables
from gnn.config import CONFIGS, TrainingConfig
from gnn.errors import TrainingError
from gnn.evaluation.tables import METRICS
from gnn.judging import Judgement, judge
from gnn.split import split_by_time

JSON_FILE = Path(__file__).with_name("quality_b.json")

Table = Mapping[str, Mapping[str, float]]


def main() -> None:
    """Run the protocol, print and keep its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("protocol", choices=["B"])
    parser.add_argument("--seeds", type=int, default=1, help="runs, from seed 0 on (default 1)")
    parser.add_argument("--config", choices=sorted(CONFIGS), default="standard")
    parser.add_argument("--home", type=Path, help="keep tables here (default: a temporary folder)")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)

    with tempfile.TemporaryDirectory() as temporary:
        tables = ingest("completejourney", arguments.home or Path(temporary)).tables
        config = replace(CONFIGS[arguments.config], validation_from=WEEK_46, test_from=WEEK_49)
        runs = [
            run_once(tables, replace(config, seed=seed), Path(temporary)) for seed in range(arguments.seeds)
        ]
    metrics = [judgement.metrics for judgement, _ in runs]
    seconds = [spent for _, spent in runs]
    lines = list(report(metrics, seconds, config=arguments.config))
    sys.stdout.write("\n".join(lines) + "\n")
    JSON_FILE.write_text(
        json.dumps(
            {
                "commit": commit(),
                "machine": machine(),
                "config": arguments.config,
                "seconds": seconds,
                "peak_gib": peak_gib(),
                "blend": [judgement.blend for judgement, _ in runs],
                "num_epochs": [judgement.num_epochs for judgement, _ in runs],
                "runs": metrics,
            },
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )
    command = f"python -m benchmarks.quality B --seeds {arguments.seeds} --config {arguments.config}"
    write_section("Quality: protocol B, completing a basket", command, lines)


def run_once(tables: Tables, config: TrainingConfig, scratch: Path) -> tuple[Judgement, float]:
    """One judged training run, and the seconds that it took, checkpoints and all."""
    started = time.perf_counter()
    judgement = judge(
        tables,
        split=split_by_time(tables, config=config),
        config=config,
        checkpoint=scratch / f"seed-{config.seed}.pt",
        progress=lambda stage, done, total: None,
    )
    if not judgement.metrics:
        raise TrainingError(f"nothing was measured: {'; '.join(judgement.warnings)}")
    return judgement, time.perf_counter() - started


def report(
    metrics: Sequence[Mapping[str, object]], seconds: Sequence[float], *, config: str
) -> Iterator[str]:
    """The section's lines, in Markdown."""
    first = metrics[0]
    protocol = cast("Mapping[str, object]", first["protocol"])
    yield f"Config `{config}`, {len(metrics)} seed(s); all is chosen on validation. " + ", ".join(
        f"{name} {value}" for name, value in protocol.items() if name != "task"
    )
    yield (
        f"Fit and judged in {statistics.mean(seconds):.0f} s a seed (all baselines included), "
        f"peak {peak_gib():.1f} GiB."
    )
    for part in ("test", "validation"):
        yield from [
            "",
            f"**{part.capitalize()}**" + (", mean ± sd over seeds" if len(metrics) > 1 else ""),
            "",
        ]
        tables = [cast("Table", run[part]) for run in metrics]
        yield from markdown_table(["model", *METRICS], _rows(tables))
    for name in cast("Mapping[str, object]", first["slices"]):
        slices = [cast("Mapping[str, Mapping[str, object]]", run["slices"])[name] for run in metrics]
        yield from ["", f"**Slice of test: {name}**, {slices[0]['num_queries']} queries", ""]
        yield from markdown_table(
            ["model", *METRICS], _rows([cast("Table", part["models"]) for part in slices])
        )
    yield from ["", "**Blend minus each model, NDCG@20 on test**, paired 95 % bootstrap, seed 0", ""]
    yield from markdown_table(
        ["model", "difference", "from", "to"],
        [
            (model, *(f"{row[column]:+.4f}" for column in ("difference", "low", "high")))
            for model, row in cast("Table", first["blend_minus"]).items()
        ],
    )


def peak_gib() -> float:
    """Largest resident memory of this process so far (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _rows(tables: Sequence[Table]) -> list[list[str]]:
    """A row a model: a metric, or its mean ± standard deviation where there are several runs."""
    return [
        [model, *(_cell([table[model][metric] for table in tables]) for metric in METRICS)]
        for model in tables[0]
    ]


def _cell(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}"


if __name__ == "__main__":
    main()
