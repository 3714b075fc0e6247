"""`models list`, `promote` and `rollback`: choose the model in service."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import options
from cli.output import print_json, print_line, print_table, print_warnings

models_app = typer.Typer(help="Model artifacts: list, promote, roll back.", no_args_is_help=True)


@models_app.command("list")
def list_(home: options.Home = options.DEFAULT_HOME, as_json: options.Json = False) -> None:
    """List the models, oldest first, and mark the one in service."""
    from gnn.registry import promoted, read_models

    models = home / "models"
    in_service = promoted(models)
    infos, skipped = read_models(models)
    print_warnings(skipped)
    if as_json:
        print_json(
            [
                {
                    "model_version": info.model_version,
                    "created_at": info.created_at,
                    "kind": info.kind,
                    "promoted": info.model_version == in_service,
                    "tables_version": info.tables_version,
                    "metrics": info.metrics,
                }
                for info in infos
            ]
        )
        return
    if not infos:
        print_line("No models: run bundlegraph train")
        raise typer.Exit(1)
    print_table(
        None,
        ["", "model", "made", "kind", "tables"],
        [
            [
                "▶" if info.model_version == in_service else "",
                info.model_version,
                info.created_at,
                info.kind,
                info.tables_version[:12],
            ]
            for info in infos
        ],
    )


@models_app.command()
def promote(
    version: Annotated[str, typer.Argument(help="A version from `models list`.")],
    home: options.Home = options.DEFAULT_HOME,
) -> None:
    """Put a model in service; a running server loads it at POST /v1/model/reload."""
    from gnn import registry

    registry.promote(home / "models", version)
    print_line(f"{version} is in service")


@models_app.command()
def rollback(home: options.Home = options.DEFAULT_HOME) -> None:
    """Put the previous model back in service."""
    from gnn import registry

    print_line(f"{registry.rollback(home / 'models')} is in service again")
