"""`neo4j up`, `down`, `status`: a local Neo4j server for tests."""

from __future__ import annotations

import typer

from cli import options
from cli.output import print_json, print_line, working

neo4j_app = typer.Typer(
    help="Run a local Neo4j server for tests (needs Java and Maven).", no_args_is_help=True
)


@neo4j_app.command()
def up(home: options.Home = options.DEFAULT_HOME) -> None:
    """Start a Neo4j server; its address and password go to HOME/neo4j.env."""
    from graph import neo4j_server

    with working("Starting Neo4j"):
        server = neo4j_server.up(home)
    print_line(f"Neo4j answers at {server.uri} (credentials: {home / 'neo4j.env'})")
    print_line(f"Use it: export BUNDLEGRAPH_STORE={server.uri}")


@neo4j_app.command()
def down(home: options.Home = options.DEFAULT_HOME) -> None:
    """Stop the server that `neo4j up` started."""
    from graph import neo4j_server

    with working("Stopping Neo4j"):
        stopped = neo4j_server.down(home)
    print_line("Neo4j stopped" if stopped else "No Neo4j of this home was running")


@neo4j_app.command()
def status(home: options.Home = options.DEFAULT_HOME, as_json: options.Json = False) -> None:
    """Print whether the server runs, and its address; exit code 1 if it does not."""
    from graph import neo4j_server

    server = neo4j_server.status(home)
    if as_json:
        print_json({"running": server.is_running, "uri": server.uri, "pid": server.pid})
    else:
        print_line(
            f"Neo4j answers at {server.uri}"
            if server.is_running
            else "Neo4j is not running: bundlegraph neo4j up"
        )
    if not server.is_running:
        raise typer.Exit(1)
