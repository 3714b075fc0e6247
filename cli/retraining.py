"""`retrain`: ingest, load and train anew; promote the new model unless it is worse."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.measured import print_metrics
from cli.output import print_json, print_line, print_warnings
from cli.pipeline import print_ingest, print_load, run_ingest, run_load, run_train

if TYPE_CHECKING:
    from gnn.artifact.model import ArtifactInfo


def retrain(
    source: Annotated[
        str | None, typer.Argument(help="The exports to read (default: where the tables came from).")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="File that maps the export's names (default: SOURCE/mapping.toml)."),
    ] = None,
    config: options.Config = "standard",
    *,
    home: options.Home = options.DEFAULT_HOME,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Ingest and load the exports, train a model, and promote it unless its validation NDCG is lower.

    Exit code 1 where the new model is worse: the old one stays in service, the new one is kept.
    """
    from etl.ingest import IngestOptions
    from etl.tables import open_tables
    from gnn import registry
    from gnn.gate import check_gate

    models, manifest = home / "models", open_tables(home / "tables").manifest
    chosen = options.training_config(config)
    as_before = IngestOptions(
        mapping=mapping, basket_window=manifest.basket_window, min_baskets=manifest.min_baskets
    )
    with registry.training_lock(models):
        ingested = run_ingest(source or manifest.source, home, as_before)
        print_warnings(ingested.warnings)
        loaded = run_load(home, store)
        version = registry.promoted(models)
        in_service = _read_in_service(models, version)
        candidate = run_train(home, store, chosen)
    decision = check_gate(candidate, in_service)
    if decision.passes:
        registry.promote(models, candidate.model_version)
    if as_json:
        print_json({"model_version": candidate.model_version, "was_in_service": version, **asdict(decision)})
    else:
        print_ingest(ingested, home)
        print_load(loaded)
        print_metrics(candidate)
        outcome = "is in service" if decision.passes else "is refused"
        print_line(f"Model {candidate.model_version} {outcome}: {decision.reason}")
    if not decision.passes:
        raise typer.Exit(1)


def _read_in_service(models: Path, version: str | None) -> ArtifactInfo | None:
    """The model to compare with; none, with a warning, where it is damaged or of an older format."""
    from gnn.artifact.files import read_info
    from gnn.artifact.model import ArtifactError

    try:
        return None if version is None else read_info(models / version)
    except ArtifactError as error:
        print_warnings([f"model {version} in service is not compared with: {error}"])
        return None
