"""`retrain`: what is new in, a new model out, into service only if it is not worse."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli import options
from cli.measured import print_metrics
from cli.output import print_json, print_line, print_warnings
from cli.pipeline import print_ingest, print_load, run_ingest, run_load, run_train


def retrain(
    source: Annotated[
        str | None, typer.Argument(help="Where the exports are; default: where the tables came from.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="How the export's names map to ours (default: SOURCE/mapping.toml).")
    ] = None,
    config: options.Config = "standard",
    *,
    home: options.Home = options.DEFAULT_HOME,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Ingest, load and train on what is new; promote the result unless its validation NDCG is lower.

    Exit code 1 where the gate refuses: the old model goes on serving, the new one is kept for comparison.
    """
    from etl.ingest import IngestOptions
    from etl.tables import open_tables
    from gnn import registry
    from gnn.artifact.files import read_info
    from gnn.gate import judge_candidate

    models, manifest = home / "models", open_tables(home / "tables").manifest
    chosen = options.training_config(config)
    as_before = IngestOptions(
        mapping=mapping, basket_window=manifest.basket_window, min_baskets=manifest.min_baskets
    )
    ingested = run_ingest(source or manifest.source, home, as_before)
    print_warnings(ingested.warnings)
    loaded = run_load(home, store)
    version = registry.promoted(models)
    in_service = None if version is None else read_info(models / version)
    candidate = run_train(home, store, chosen)
    verdict = judge_candidate(candidate, in_service)
    if verdict.passes:
        registry.promote(models, candidate.model_version)
    if as_json:
        print_json({"model_version": candidate.model_version, "was_in_service": version, **asdict(verdict)})
    else:
        print_ingest(ingested, home)
        print_load(loaded)
        print_metrics(candidate)
        outcome = "is in service" if verdict.passes else "is refused"
        print_line(f"Model {candidate.model_version} {outcome}: {verdict.reason}")
    if not verdict.passes:
        raise typer.Exit(1)
