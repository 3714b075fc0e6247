"""Ingest: read an export, clean it, merge it into the existing tables and write them."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from etl.associations import category_pairs, create_lines, item_pairs
from etl.baskets import parse_basket_window
from etl.checks import check_tables
from etl.clean import clean_table, create_rejects
from etl.contract import IngestError
from etl.derive import derive_tables
from etl.engine import open_engine, set_timezone
from etl.export import Export
from etl.locks import exclusive_lock
from etl.merge import merge_export
from etl.pseudonyms import PseudonymKey, load_key
from etl.publish import describe_file, publish_tables, write_table
from etl.rejects import refuse_too_many, write_rejects
from etl.sources import open_export
from etl.tables import MANIFEST, SCHEMAS, Manifest, Tables, TablesError, open_tables
from etl.times import rfc3339

logger = logging.getLogger(__name__)

TABLES_FOLDER = "tables"
SCRATCH_FOLDER = ".ingest"
ENGINE_FILE = "engine.duckdb"
LOCK = ".ingest.lock"
ASSOCIATIONS = {"co_purchases": item_pairs, "category_pairs": category_pairs}


@dataclass(frozen=True)
class IngestOptions:
    """Settings of an ingest."""

    mapping: Path | None = None
    """Mapping file; None means `mapping.toml` in the source folder, if it exists."""
    replace: bool = False
    """Replace the existing tables instead of adding to them."""
    basket_window: str = "day"
    """`day`, or a gap such as `30m` or `4h`: see `parse_basket_window`."""
    min_baskets: int = 5
    """Pairs in fewer baskets are left out of the associations."""
    max_reject_share: float = 0.05
    """The export is refused if a larger share of a table's rows is bad."""


@dataclass(frozen=True)
class IngestReport:
    """The result of an ingest."""

    tables: Tables
    changed: bool
    """False if the export contained nothing new: the tables are the same files as before."""
    rows: dict[str, int]
    """Number of rows of each table."""
    rejects: dict[str, int]
    """Number of bad rows of each table that has any; HOME/rejects.csv lists them."""
    returned: int
    """Number of lines with a negative quantity, which were left out."""
    warnings: list[str]
    seconds: float


def ingest(
    source: str,
    home: Path,
    *,
    options: IngestOptions | None = None,
    progress: Callable[[str], None] | None = None,
) -> IngestReport:
    """Read the export `source` (a folder, or `completejourney`) into the tables of `home`.

    Args:
        source: A folder with one file for each table of the import contract, or a built-in source.
        home: Folder of `tables/`, `rejects.csv` and the pseudonym key; created if it is missing.
        options: Settings; None means the defaults.
        progress: Called with the name of each step when it starts.

    Raises:
        IngestError: If the export cannot be used, or another ingest is running. The tables are unchanged.
    """
    started = time.perf_counter()
    options = options or IngestOptions()
    parse_basket_window(options.basket_window)
    try:
        home.mkdir(parents=True, exist_ok=True)
        busy = IngestError(f"another ingest is running on {home}: wait for it, then try again")
        with (
            exclusive_lock(home / LOCK, busy=busy),
            _scratch_folder(home) as scratch,
            open_engine(scratch / ENGINE_FILE) as engine,
        ):
            report = _ingest(engine, source, home, options, progress or (lambda step: None), started)
    except (duckdb.Error, OSError) as error:
        # For example a damaged page of a Parquet file, or a full disk.
        raise IngestError(f"cannot ingest {source} into {home}: {str(error).splitlines()[0]}") from error
    logger.info("ingested %s: %d interactions in %.1f s", source, report.rows["interactions"], report.seconds)
    return report


def _ingest(
    engine: duckdb.DuckDBPyConnection,
    source: str,
    home: Path,
    options: IngestOptions,
    announce: Callable[[str], None],
    started: float,
) -> IngestReport:
    folder = home / TABLES_FOLDER
    key = load_key(home)
    previous = None if options.replace else _previous(folder)

    announce("reading the export")
    export = open_export(source, engine, mapping=options.mapping, scratch=home / SCRATCH_FOLDER)
    set_timezone(engine, export.timezone)
    if previous is not None:
        _refuse_mixing(previous.manifest, export, key)

    announce("checking rows")
    create_rejects(engine)
    cleaned = {name: clean_table(engine, name, table) for name, table in export.tables.items()}
    rejects_file = write_rejects(engine, home)
    refuse_too_many(engine, cleaned, max_share=options.max_reject_share, file=rejects_file)

    announce("merging with the existing tables")
    merge_export(engine, key, previous)
    event, derived_warnings = derive_tables(engine, basket_window=options.basket_window)

    announce("writing tables")
    unfinished = home / SCRATCH_FOLDER
    files = {name: write_table(engine, name, unfinished) for name in SCHEMAS if name not in ASSOCIATIONS}

    announce("counting co-purchases")
    num_baskets = create_lines(engine, interactions=files["interactions"], items=files["items"], event=event)
    for name, count_pairs in ASSOCIATIONS.items():
        engine.register(name, count_pairs(engine, options.min_baskets))
        files[name] = write_table(engine, name, unfinished)

    announce("checking tables")
    check_tables(files)
    first_at, last_at = engine.execute("SELECT min(timestamp), max(timestamp) FROM interactions").fetchone()
    manifest = Manifest(
        tables_version="",
        source=export.source,
        ingested_at=rfc3339(datetime.now(UTC).replace(microsecond=0)),
        timezone=export.timezone,
        currency=export.currency,
        association_event=event,
        num_baskets=num_baskets,
        min_baskets=options.min_baskets,
        basket_window=options.basket_window,
        key_fingerprint=key.fingerprint,
        first_at=first_at and rfc3339(first_at),
        last_at=last_at and rfc3339(last_at),
        tables={name: describe_file(file) for name, file in files.items()},
        warnings=[*export.warnings, *derived_warnings],
        rejected={name: result.rejected for name, result in cleaned.items() if result.rejected},
        returned=sum(result.returned for result in cleaned.values()),
    )
    tables, changed = publish_tables(files, manifest, folder)
    return IngestReport(
        tables=tables,
        changed=changed,
        rows={name: tables.rows(name) for name in SCHEMAS},
        rejects=manifest.rejected,
        returned=manifest.returned,
        warnings=manifest.warnings,
        seconds=time.perf_counter() - started,
    )


@contextmanager
def _scratch_folder(home: Path) -> Iterator[Path]:
    """A folder that only the owner can read, because it holds the shop's own user ids."""
    folder = home / SCRATCH_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _previous(folder: Path) -> Tables | None:
    if not (folder / MANIFEST).exists():
        return None
    try:
        return open_tables(folder)
    except TablesError as error:
        raise IngestError(f"{error} --replace") from error


def _refuse_mixing(previous: Manifest, export: Export, key: PseudonymKey) -> None:
    """Raise if rows of the export would mean something else than the existing rows."""
    for what, *values in (
        ("SOURCE", previous.source, export.source),
        ("timezone", previous.timezone, export.timezone),
        ("currency", previous.currency, export.currency),
        ("pseudonym key", previous.key_fingerprint, key.fingerprint),
    ):
        before, now = (value or "none" for value in values)
        if before != now:
            raise IngestError(
                f"the tables were made with {what} {before}, this ingest has {now}: "
                "use another --home, or --replace to start anew"
            )
