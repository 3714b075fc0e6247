"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bundles.present.wording import Language

if TYPE_CHECKING:
    from gnn.config import TrainingConfig

DEFAULT_HOME = Path(".bundlegraph")

Home = Annotated[
    Path,
    typer.Option("--home", envvar="BUNDLEGRAPH_HOME", help="Keep tables, graph and models in this folder."),
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="BUNDLEGRAPH_STORE",
        help="Use this graph store: ladybug:PATH, neo4j://… or bolt://….",
        show_default="ladybug:HOME/graph.lbug",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Anchors = Annotated[list[str] | None, typer.Option("--anchor", help="Compose around this item; repeatable.")]
User = Annotated[str | None, typer.Option("--user", help="Compose for this user (the shop's own id).")]
Cart = Annotated[list[str] | None, typer.Option("--cart", help="Add this item to the cart; repeatable.")]
PriceMax = Annotated[
    float | None, typer.Option("--price-max", help="Set the maximum offer price of a bundle.")
]
MinCategories = Annotated[
    int, typer.Option("--min-categories", help="Set the minimum number of level-0 categories in a bundle.")
]
ReasonLanguage = Annotated[Language, typer.Option("--language", help="Write the reasons in this language.")]
Config = Annotated[
    str,
    typer.Option("--config", help="Train by this configuration: standard, or demo (lighter, takes minutes)."),
]


def training_config(name: str) -> TrainingConfig:
    """The named training configuration.

    Raises:
        BadParameter: If there is no configuration with that name.
    """
    from gnn.config import CONFIGS

    if name not in CONFIGS:
        raise typer.BadParameter(f"choose one of {', '.join(CONFIGS)}", param_hint="--config")
    return CONFIGS[name]
