"""A protocol's report as Markdown: a table a part, means with standard deviations, targets met or not."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from benchmarks.quality.report import Models, ProtocolReport
from benchmarks.results import markdown_table


def markdown(report: ProtocolReport) -> Iterator[str]:
    """The lines of the report's section."""
    yield report.measures
    yield (
        f"{_runs(report.seeds)}, {statistics.mean(report.seconds):.0f} s each (all baselines included), "
        f"peak {report.peak_gib:.1f} GiB. Everything is chosen on validation."
    )
    if report.targets:
        yield from _part("Targets", ["row", "target", "measured", ""], _targets(report))
    yield from _models("Test", report.models, report.metrics)
    for name, (num_queries, models) in report.slices.items():
        yield from _models(f"Slice of test: {name}, {num_queries} queries", models, report.metrics)
    for metric, by_model in report.intervals.items():
        yield from _part(
            f"{report.ours} minus each model, {metric} on test, paired 95 % bootstrap",
            ["model", "difference", "from", "to"],
            [
                [model, f"{found.difference:+.4f}", f"{found.low:+.4f}", f"{found.high:+.4f}"]
                for model, found in by_model.items()
            ],
        )
    if report.validation:
        yield from _models("Validation", report.validation, report.metrics)
    if report.ablations:
        yield from _models("Ablations, on validation", report.ablations, report.metrics)
    for note in report.notes:
        yield from ["", note]


def _runs(seeds: int) -> str:
    return "1 run, seed 0" if seeds == 1 else f"{seeds} runs, seeds 0 to {seeds - 1}"


def _targets(report: ProtocolReport) -> list[list[str]]:
    rows = []
    for path, target in report.targets.items():
        values = report.values(path)
        verdict = "met" if statistics.mean(values) >= target else "not met"
        rows.append([path, f"{target:.4f}", mean_cell(values), verdict])
    return rows


def _models(title: str, models: Models, metrics: Sequence[str]) -> Iterator[str]:
    rows = [[model, *(mean_cell(row.get(metric, ())) for metric in metrics)] for model, row in models.items()]
    yield from _part(title, ["model", *metrics], rows)


def _part(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from ["", f"**{title}**", ""]
    yield from markdown_table(columns, rows)


def mean_cell(values: Sequence[float]) -> str:
    """Mean ± sample standard deviation; the mean alone where all runs agree, a dash where there are none."""
    if not values:
        return "–"
    mean = f"{statistics.mean(values):.4f}"
    return mean if min(values) == max(values) else f"{mean} ± {statistics.stdev(values):.4f}"
