"""`train` and `evaluate`: train a model on the graph, and show how it was measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli import options
from cli.measured import print_metrics
from cli.output import print_json, print_line, print_warnings
from cli.pipeline import run_train

Day = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="First local day of the window (default: by the share of events)."
    ),
]


def train(
    config: options.Config = "standard",
    seed: Annotated[int, typer.Option(help="Seed of every random draw.")] = 0,
    device: Annotated[str, typer.Option(help="Train on auto, cpu or cuda.")] = "auto",
    validation_from: Day = None,
    test_from: Day = None,
    *,
    launches: Annotated[
        bool,
        typer.Option(
            "--launches",
            help="Treat items never bought as launches: rank them as high as known items of their kind.",
        ),
    ] = False,
    home: options.Home = options.DEFAULT_HOME,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Train a model on the graph, measure it beside its baselines, and save it."""
    from etl.tables import open_tables
    from gnn import registry

    chosen = replace(
        options.training_config(config),
        seed=seed,
        device=device,
        validation_from=validation_from and validation_from.date(),
        test_from=test_from and test_from.date(),
    )
    if launches:
        chosen = replace(chosen, warm_tolerance=None)
    open_tables(home / "tables")  # Raises before a folder is made where there are no tables.
    with registry.training_lock(home / "models"):
        info = run_train(home, store, chosen)
    is_promoted = registry.promoted(home / "models") == info.model_version
    print_warnings(info.warnings)
    if as_json:
        print_json(
            {
                "model_version": info.model_version,
                "kind": info.kind,
                "promoted": is_promoted,
                "metrics": info.metrics,
            }
        )
        return
    print_metrics(info)
    if is_promoted:
        print_line(f"Model {info.model_version} is in service")
    else:
        print_line(f"Model {info.model_version} is saved; to serve it:")
        print_line(f"  bundlegraph models promote {info.model_version}")


def evaluate(
    version: Annotated[str | None, typer.Option(help="Model to show (default: the one in service).")] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File of the HTML report (default: HOME/reports/VERSION.html)."),
    ] = None,
    *,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Print the metrics of a model, measured on held-out data at training, and write the HTML report."""
    from gnn.artifact.files import read_info
    from gnn.artifact.model import ArtifactError
    from gnn.evaluation.report import write_report
    from gnn.registry import promoted

    chosen = version or promoted(home / "models")
    if chosen is None:
        raise ArtifactError(f"no model in service in {home}: run bundlegraph train")
    info = read_info(home / "models" / chosen)
    page = output or home / "reports" / f"{chosen}.html"
    write_report(info, page)
    if as_json:
        print_json({"model_version": chosen, "report": str(page), **info.metrics})
        return
    print_metrics(info)
    print_line(f"Report with plots: {page}")
