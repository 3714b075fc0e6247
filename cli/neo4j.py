"""`neo4j up`, `neo4j down` and `neo4j status`: a local Neo4j server for tests."""

from __future__ import annotations

import typer

from cli import options
from cli.output import print_json, print_line, working

neo4j_app = typer.Typer(
    help="Run a local Neo4j server for tests; needs Java and Maven.", no_args_is_help=True
)


@neo4j_app.command()
def up(home: options.Home = options.DEFAULT_HOME) -> None:
    """Start a Neo4j server and write its address and password to HOME/neo4j.env."""
    from graph.neo4j_server import start_server

    with working("Starting Neo4j"):
        server = start_server(home)
    print_line(f"Neo4j answers at {server.uri} (credentials: {home / 'neo4j.env'})")
    print_line(f"Use it: export BUNDLEGRAPH_STORE={server.uri}")


@neo4j_app.command()
def down(home: options.Home = options.DEFAULT_HOME) -> None:
    """Stop the server and keep its data."""
    from graph.neo4j_server import stop_server

    with working("Stopping Neo4j"):
        stopped = stop_server(home)
    print_line("Neo4j stopped" if stopped else "Neo4j was not running")


@neo4j_app.command()
def status(home: options.Home = options.DEFAULT_HOME, as_json: options.Json = False) -> None:
    """Show whether the server is running, and its address. Exit code 1 if it is not running."""
    from graph.neo4j_server import server_status

    server = server_status(home)
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
