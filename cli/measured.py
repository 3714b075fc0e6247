"""Prints the metrics of a model beside its baselines, with confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from cli.output import print_line, print_table

if TYPE_CHECKING:
    from gnn.artifact.model import ArtifactInfo

_Rows = Mapping[str, Mapping[str, float]]


def print_metrics(info: ArtifactInfo) -> None:
    """Print the tables of test, exposure, slices and categories, link calibration and the leak check."""
    from gnn.evaluation.calibration import calibration_sentence

    metrics = info.metrics
    if not metrics:
        print_line("Nothing was measured: too little data")
        return
    # The artifact keeps them as plain JSON.
    protocol = cast("Mapping[str, int | str]", metrics["protocol"])
    _print_test(protocol, cast("_Rows", metrics["test"]), metrics)
    _print_exposure(cast("_Rows", metrics.get("exposure", {})))
    _print_slices(cast("Mapping[str, Mapping[str, object]]", metrics.get("slices", {})))
    _print_categories(cast("Mapping[str, Mapping[str, object]]", metrics.get("categories", {})))
    links = cast("Mapping[str, object]", metrics.get("link_calibration", {}))
    if links:
        print_line(calibration_sentence(links))
    leak = cast("Mapping[str, str] | None", metrics.get("leak_probe"))
    if leak is not None:
        print_line(f"Leak probe: {leak['text']}")


def _print_test(protocol: Mapping[str, int | str], test: _Rows, metrics: Mapping[str, object]) -> None:
    intervals = cast("_Rows", metrics["served_minus"])
    ahead = f"{metrics.get('ours', 'served')} is ahead by (ndcg@20, 95 %)"
    print_table(
        f"Hidden item of {protocol['num_test_queries']:,} baskets from {protocol['test_from']} on, "
        f"ranked among {protocol['num_ranked']:,} items",
        ["model", *next(iter(test.values())), ahead],
        [[name, *row.values(), _interval(intervals.get(name))] for name, row in test.items()],
    )


def _print_exposure(exposure: _Rows) -> None:
    if not exposure:
        return
    print_table(
        "Exposure of the items shown: share of the catalogue, mean popularity, concentration",
        ["model", *next(iter(exposure.values()))],
        [[name, *row.values()] for name, row in exposure.items()],
    )


def _print_slices(slices: Mapping[str, Mapping[str, object]]) -> None:
    if not slices:
        return
    tables = [cast("_Rows", part["models"]) for part in slices.values()]
    print_table(
        "NDCG@20 by slice of test baskets",
        ["model", *(f"{name} ({part['num_queries']:,})" for name, part in slices.items())],
        [[model, *(table[model]["ndcg@20"] for table in tables)] for model in tables[0]],
    )


def _print_categories(categories: Mapping[str, Mapping[str, object]]) -> None:
    if not categories:
        return
    num_pairs = cast("Mapping[str, int]", categories["num_pairs"])
    deviance = cast("_Rows", categories["deviance"])
    parts = list(next(iter(deviance.values())))
    print_table(
        "Baskets that hold two categories: mean Poisson deviance of their expected number, lower is better",
        ["model", *(f"{part} ({num_pairs[part]:,} pairs)" for part in parts)],
        [[name, *row.values()] for name, row in deviance.items()],
    )


def _interval(interval: Mapping[str, float] | None) -> str:
    if interval is None:
        return ""
    return f"{interval['difference']:+.4f} ({interval['low']:+.4f} to {interval['high']:+.4f})"
