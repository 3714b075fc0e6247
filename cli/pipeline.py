"""The steps of `ingest`, `load`, `train`, `retrain` and `demo`, with progress on the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import print_line, training_progress, working

if TYPE_CHECKING:
    from etl.ingest import IngestOptions, IngestReport
    from gnn.artifact.model import ArtifactInfo
    from gnn.config import TrainingConfig
    from graph.store import GraphStatus, LoadReport


@dataclass(frozen=True)
class LoadOutcome:
    """The report of a load, and the state of the store after it."""

    uri: str
    report: LoadReport
    status: GraphStatus


def run_ingest(source: str, home: Path, options: IngestOptions | None = None) -> IngestReport:
    """Read exports into tables."""
    from etl.ingest import ingest

    with working(f"Reading {source}") as announce:
        return ingest(source, home, options=options, progress=announce)


def run_load(home: Path, store: str | None) -> LoadOutcome:
    """Load tables into the graph in `store` (None: the embedded one of `home`)."""
    from etl.tables import open_tables
    from graph.store import open_store

    tables = open_tables(home / "tables")
    with working("Loading the graph"), open_store(store, home=home) as opened:
        return LoadOutcome(uri=opened.uri, report=opened.load(tables), status=opened.status())


def run_train(home: Path, store: str | None, config: TrainingConfig) -> ArtifactInfo:
    """Train a model on the graph in `store`, saved in `home`; the first one is put in service."""
    from etl.tables import open_tables
    from gnn.train import train
    from graph.store import open_store

    tables = open_tables(home / "tables")
    with working("Reading the graph"), open_store(store, home=home) as opened:
        edges = opened.export_edges()
    with training_progress() as progress:
        return train(tables, edges, home / "models", config=config, progress=progress).info


def print_ingest(report: IngestReport, home: Path) -> None:
    """Print a report of an ingest."""
    for name, rows in report.rows.items():
        if rows:
            print_line(f"  {name:20} {rows:>12,} rows")
    rejected = sum(report.rejects.values())
    if rejected:
        print_line(f"  {rejected:,} bad rows left out: see {home / 'rejects.csv'}")
    if report.returned:
        print_line(f"  {report.returned:,} returns left out")
    print_line(f"{'Tables written' if report.changed else 'Nothing new'} in {report.seconds:.1f} s")


def print_load(loaded: LoadOutcome) -> None:
    """Print a report of a load."""
    report, status = loaded.report, loaded.status
    print_line(
        f"{status.num_nodes:,} nodes and {status.num_relationships:,} relationships in {loaded.uri} "
        f"({report.nodes_written + report.relationships_written:,} written, "
        f"{report.nodes_deleted + report.relationships_deleted:,} deleted) in {report.seconds:.1f} s"
    )
