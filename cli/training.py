"""`train` and `evaluate`: the graph to a model artifact, and what was measured on the way."""

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
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A local day; default: by the share of baskets.")
]


def train(
    config: options.Config = "standard",
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    validation_from: Day = None,
    test_from: Day = None,
    *,
    launches: Annotated[
        bool,
        typer.Option(
            "--launches", help="Items never bought are new: show them as early as known ones of their kind."
        ),
    ] = False,
    home: options.Home = options.DEFAULT_HOME,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Train a model on the graph, measure it beside its baselines, and keep it as an artifact."""
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
    print_line(f"Model {info.model_version} " + ("is in service" if is_promoted else "is made; to serve it:"))
    if not is_promoted:
        print_line(f"  bundlegraph models promote {info.model_version}")


def evaluate(
    version: Annotated[str | None, typer.Option(help="Which model; default: the one in service.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Where the HTML report goes (default: in the model's home)."),
    ] = None,
    *,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Print a model's tables, measured at its training before the final fit, and write the HTML report."""
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
