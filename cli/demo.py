"""`demo`: ingest, load, train and recommend on the packaged data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.answers import generate, open_recommender, print_bundles
from cli.measured import print_metrics
from cli.output import print_line, print_warnings
from cli.pipeline import print_ingest, print_load, run_ingest, run_load, run_train

if TYPE_CHECKING:
    from gnn.artifact.model import ArtifactInfo

HOME = Path(".bundlegraph-demo")
POPULAR_ITEM = "1082185"
"""The most popular item: bananas."""
USER = "718"


def demo(
    serve: Annotated[bool, typer.Option("--serve", help="Serve the model over HTTP afterwards.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Listen on this port.")] = 8000,
    home: Annotated[Path, typer.Option(help="Keep the demo's data in this folder.")] = HOME,
    store: options.Store = None,
) -> None:
    """Ingest, load, train (the lighter `demo` configuration) and recommend, on 1.47 million real lines."""
    print_line("1. The Complete Journey: a year of grocery shopping, exports to tables")
    ingested = run_ingest("completejourney", home)
    print_warnings(ingested.warnings)
    print_ingest(ingested, home)

    print_line("\n2. Tables to graph")
    print_load(run_load(home, store))

    print_line("\n3. Graph to model (configuration: demo; bundlegraph train has the standard one)")
    print_metrics(_train_once(home, store))

    body: dict[str, object] = {"size": 3, "n": 5, "constraints": {"min_categories": 2}}
    with open_recommender(home) as recommender:
        currency = recommender.info.currency
        print_line(f"\n4. Five bundles for item {POPULAR_ITEM}, the most popular one\n")
        print_bundles(generate(recommender, {**body, "anchors": [POPULAR_ITEM]}), currency)
        print_line(f"5. Five bundles for user {USER}\n")
        print_bundles(generate(recommender, {**body, "user_id": USER}), currency)

    if serve:
        from cli.serving import run_server

        run_server(home, host="127.0.0.1", port=port)
        return
    print_line("Go on:")
    print_line(f"  bundlegraph serve --home {home}            # then open http://127.0.0.1:8000/docs")
    print_line(f"  bundlegraph query top_co_purchases --home {home}")
    print_line(f"  bundlegraph evaluate --home {home}         # the report with plots")


def _train_once(home: Path, store: str | None) -> ArtifactInfo:
    """The model in service if it was trained on these tables, else a new one."""
    from etl.sources.completejourney import WEEK_46, WEEK_49
    from etl.tables import open_tables
    from gnn import registry
    from gnn.artifact.files import read_info

    models, tables_version = home / "models", open_tables(home / "tables").manifest.tables_version
    version = registry.promoted(models)
    if version is not None and (info := read_info(models / version)).tables_version == tables_version:
        print_line(f"Model {version} of these tables is in service already")
        return info
    config = replace(options.training_config("demo"), validation_from=WEEK_46, test_from=WEEK_49)
    info = run_train(home, store, config)
    registry.promote(models, info.model_version)
    return info
