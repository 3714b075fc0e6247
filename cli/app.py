"""The `bundlegraph` command, with its subcommands in the order of the data flow.

Commands import their dependencies inside the function: `serve` must start without torch, and `--help` fast.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer
from rich.markup import escape

from cli.answers import recommend
from cli.data import ingest, load
from cli.decide import decide_app
from cli.decisions import decisions
from cli.demo import demo
from cli.explore import cypher, query
from cli.exporting import export_app
from cli.models import models_app
from cli.neo4j import neo4j_app
from cli.output import err
from cli.pareto import pareto
from cli.retraining import retrain
from cli.serving import serve
from cli.status import status
from cli.training import evaluate, train
from etl.errors import StageError

app = typer.Typer(
    name="bundlegraph",
    help="Composed, priced, explained product bundles from a shop's order log.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def configure(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what each step does.")] = False,
) -> None:
    """Set up logging for every command."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


app.command()(ingest)
app.command()(load)
app.command()(train)
app.command()(evaluate)
app.command()(recommend)
app.command()(pareto)
app.add_typer(export_app, name="export")
app.add_typer(decide_app, name="decide")
app.command()(decisions)
app.command()(serve)
app.command()(retrain)
app.add_typer(models_app, name="models")
app.command()(query)
app.command()(cypher)
app.add_typer(neo4j_app, name="neo4j")
app.command()(status)
app.command()(demo)


def main() -> None:
    """Run the command line; an error that the user can fix is one line and exit code 2."""
    # Read by torch on import. Spinning threads are slow on shared cores; large pages halve the time that a
    # training step spends on allocating memory.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    try:
        app()
    except StageError as error:
        err.print(f"[red]error:[/] {escape(str(error))}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
