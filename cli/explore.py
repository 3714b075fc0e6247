"""`query` and `cypher`: query the graph by name or in free Cypher."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.output import err, print_json, print_line, print_table, working

if TYPE_CHECKING:
    from graph.store import Parameter


def query(
    name: Annotated[
        str | None, typer.Argument(help="Run this named query; without a name, list them.")
    ] = None,
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    *,
    home: options.Home = options.DEFAULT_HOME,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Run a named query on the graph, e.g. bundlegraph query bought_with item_id=1082185."""
    from etl.pseudonyms import load_key
    from graph.queries import QUERIES, find_query

    if name is None:
        for known in QUERIES.values():
            print_line(f"{known.name:24} {known.description}")
        return
    named = find_query(name)
    parameters = named.parameters_from(arguments or [])
    if isinstance(user_id := parameters.get("user_id"), str):
        # Commands take the shop's own ids, but the graph holds pseudonyms.
        parameters["user_id"] = load_key(home).pseudonym(user_id)
    _run(named.statement, parameters, home=home, store=store, as_json=as_json)


def cypher(
    statement: Annotated[str, typer.Argument(help="Run this Cypher statement.")],
    home: options.Home = options.DEFAULT_HOME,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Run a Cypher statement on the graph."""
    _run(statement, {}, home=home, store=store, as_json=as_json)


def _run(
    statement: str, parameters: Mapping[str, Parameter], *, home: Path, store: str | None, as_json: bool
) -> None:
    from graph.store import open_store

    with working("Querying the graph"), open_store(store, home=home) as opened:
        status = opened.status()
        rows = opened.query(statement, parameters)
    if status.tables_version is not None and not status.is_complete:
        err.print("[yellow]warning:[/] the graph is incomplete (a load is under way or was killed)")
    if as_json:
        print_json(rows.to_pylist())
    else:
        print_table(None, rows.column_names, [list(row.values()) for row in rows.to_pylist()])
    if rows.num_rows == 0:
        raise typer.Exit(1)
