"""`status`: versions and times of tables, graph and model, and whether they match."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cli import options
from cli.output import print_json, print_line, print_table
from etl.errors import StageError


@dataclass(frozen=True)
class StatusLine:
    """One line of the status."""

    name: str
    version: str | None
    made_at: str | None
    tables_version: str | None
    note: str


def status(
    home: options.Home = options.DEFAULT_HOME, store: options.Store = None, as_json: options.Json = False
) -> None:
    """Show versions and times of tables, graph and model, and whether they match."""
    parts = [_tables(home), _graph(home, store), _model(home)]
    match = len({part.tables_version for part in parts}) == 1 and parts[0].tables_version is not None
    if as_json:
        print_json({"match": match, **{part.name: _fields(part) for part in parts}})
        return
    print_table(
        None,
        ["", "version", "made", "from tables", ""],
        [
            [part.name, part.version, part.made_at, (part.tables_version or "")[:12], part.note]
            for part in parts
        ],
    )
    print_line("Tables, graph and model match" if match else f"They do not match: run {_next_step(parts)}")


def _fields(part: StatusLine) -> dict[str, str | None]:
    return {
        "version": part.version,
        "made_at": part.made_at,
        "tables_version": part.tables_version,
        "note": part.note,
    }


def _next_step(parts: list[StatusLine]) -> str:
    tables, graph, model = parts
    if tables.tables_version is None:
        return "bundlegraph ingest"
    if graph.tables_version != tables.tables_version or graph.note:
        return "bundlegraph load"
    return "bundlegraph train" if model.version is None else "bundlegraph retrain"


def _tables(home: Path) -> StatusLine:
    from etl.tables import open_tables

    try:
        manifest = open_tables(home / "tables").manifest
    except StageError as error:
        return StatusLine("tables", None, None, None, str(error))
    return StatusLine(
        "tables", manifest.tables_version[:12], manifest.ingested_at, manifest.tables_version, ""
    )


def _graph(home: Path, store: str | None) -> StatusLine:
    from graph.store import open_store

    try:
        with open_store(store, home=home) as opened:
            found, uri = opened.status(), opened.uri
    except StageError as error:
        return StatusLine("graph", None, None, None, str(error))
    if found.tables_version is None:
        return StatusLine("graph", None, None, None, f"{uri} is empty")
    note = "" if found.is_complete else "incomplete: a load is under way or was killed"
    return StatusLine("graph", uri, found.loaded_at, found.tables_version, note)


def _model(home: Path) -> StatusLine:
    from gnn.artifact.files import read_info
    from gnn.registry import promoted

    try:
        version = promoted(home / "models")
        if version is None:
            return StatusLine("model", None, None, None, "none in service")
        info = read_info(home / "models" / version)
    except StageError as error:
        return StatusLine("model", None, None, None, str(error))
    return StatusLine("model", version, info.created_at, info.tables_version, info.kind)
