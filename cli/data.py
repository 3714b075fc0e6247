"""`ingest` and `load`: from exports to tables, from tables to the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import options
from cli.output import print_json, print_warnings
from cli.pipeline import print_ingest, print_load, run_ingest, run_load


def ingest(
    source: Annotated[
        str, typer.Argument(help="A folder of exports, or completejourney (the packaged data).")
    ],
    *,
    mapping: Annotated[
        Path | None,
        typer.Option(help="Map the export's column names by this file (default: SOURCE/mapping.toml)."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Start anew: delete the present tables first.")
    ] = False,
    basket_window: Annotated[
        str,
        typer.Option(help="Group purchases without basket_id into baskets: by day, or by pauses such as 4h."),
    ] = "day",
    min_baskets: Annotated[
        int, typer.Option(min=1, help="Keep co-purchases of at least this many baskets.")
    ] = 5,
    max_reject_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Stop if a table has more than this share of bad rows.")
    ] = 0.05,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Read a shop's exports into tables and write bad rows to HOME/rejects.csv."""
    from etl.ingest import IngestOptions

    chosen = IngestOptions(
        mapping=mapping,
        replace=replace,
        basket_window=basket_window,
        min_baskets=min_baskets,
        max_reject_share=max_reject_share,
    )
    report = run_ingest(source, home, chosen)
    print_warnings(report.warnings)
    if not as_json:
        print_ingest(report, home)
        return
    print_json(
        {
            "changed": report.changed,
            "tables_version": report.tables.manifest.tables_version,
            "rows": report.rows,
            "rejected": report.rejects,
            "returned": report.returned,
            "seconds": report.seconds,
        }
    )


def load(
    home: options.Home = options.DEFAULT_HOME, store: options.Store = None, as_json: options.Json = False
) -> None:
    """Load the tables into the graph; loading again changes nothing."""
    loaded = run_load(home, store)
    if not as_json:
        print_load(loaded)
        return
    report, status = loaded.report, loaded.status
    print_json(
        {
            "store": loaded.uri,
            "tables_version": status.tables_version,
            "nodes": status.num_nodes,
            "relationships": status.num_relationships,
            "nodes_written": report.nodes_written,
            "nodes_deleted": report.nodes_deleted,
            "relationships_written": report.relationships_written,
            "relationships_deleted": report.relationships_deleted,
            "seconds": report.seconds,
        }
    )
