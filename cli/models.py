"""`models list`, `promote`, `rollback`: which artifact is in service."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import options
from cli.output import print_json, print_line, print_table

models_app = typer.Typer(help="Model artifacts: list, promote, roll back.", no_args_is_help=True)


@models_app.command("list")
def list_(home: options.Home = options.DEFAULT_HOME, as_json: options.Json = False) -> None:
    """List the models, oldest first, and say which one is in service."""
    from gnn.artifact.files import read_info
    from gnn.registry import list_models, promoted

    models = home / "models"
    in_service = promoted(models)
    infos = [read_info(models / version) for version in list_models(models)]
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
        print_line("No models yet: run bundlegraph train")
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
    version: Annotated[str, typer.Argument(help="A version that `models list` prints.")],
    home: options.Home = options.DEFAULT_HOME,
) -> None:
    """Put a model into service; a running server takes it at POST /v1/model/reload."""
    from gnn import registry

    registry.promote(home / "models", version)
    print_line(f"{version} is in service")


@models_app.command()
def rollback(home: options.Home = options.DEFAULT_HOME) -> None:
    """Put the model back into service that was there before."""
    from gnn import registry

    print_line(f"{registry.rollback(home / 'models')} is in service again")
