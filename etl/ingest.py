"""Ingest: an export in, canonical tables out. The story of the whole room."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from etl.associations import number_baskets, open_lines, pairs_of_categories, pairs_of_items
from etl.baskets import parse_window
from etl.checks import check_tables
from etl.clean import clean, make_rejects
from etl.contract import IngestError
from etl.derive import derive
from etl.engine import open_engine, set_timezone
from etl.export import Export
from etl.merge import merge
from etl.pseudonyms import PseudonymKey, PseudonymKeyError, load_key
from etl.publish import describe_file, publish, write_table
from etl.rejects import refuse_too_many, write_rejects
from etl.sources import open_export
from etl.tables import MANIFEST, SCHEMAS, Manifest, Tables, TablesError, open_tables
from etl.times import rfc3339

logger = logging.getLogger(__name__)

TABLES_FOLDER = "tables"
SCRATCH_FOLDER = ".ingest"
ENGINE_FILE = "engine.duckdb"
LOCK = ".ingest.lock"
ASSOCIATIONS = {"co_purchases": pairs_of_items, "category_pairs": pairs_of_categories}


@dataclass(frozen=True)
class IngestOptions:
    """What the command line may set."""

    mapping: Path | None = None
    """Mapping file; none for `mapping.toml` in the source folder, where there is one."""
    replace: bool = False
    """Start anew instead of adding to the tables that are there."""
    basket_window: str = "day"
    """`day`, or a gap such as `30m` or `4h`."""
    min_baskets: int = 5
    """A pair is associated from so many baskets on."""
    max_reject_share: float = 0.05
    """Share of bad rows in a table above which the export is refused."""


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did."""

    tables: Tables
    changed: bool
    """False where the export brought nothing new: the tables are the same files as before."""
    rows: dict[str, int]
    """Rows of each table now."""
    rejects: dict[str, int]
    """Bad rows of each table of this export that has any; HOME/rejects.csv holds them."""
    returned: int
    warnings: list[str]
    seconds: float


def ingest(
    source: str,
    home: Path,
    *,
    options: IngestOptions | None = None,
    progress: Callable[[str], None] | None = None,
) -> IngestReport:
    """Bring the export `source` (a folder, or `completejourney`) into the tables of `home`.

    Args:
        source: A folder as the import contract describes it, or the name of a built-in source.
        home: Where `tables/`, `rejects.csv` and the pseudonym key live; made where it is not there.
        options: Settings; the defaults where there are none.
        progress: Called with the name of each stage as it begins.

    Raises:
        IngestError: If the export cannot be used, or another ingest runs. The tables are as they were.
    """
    started = time.perf_counter()
    options = options or IngestOptions()
    parse_window(options.basket_window)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _only_one(home), _scratch_folder(home) as scratch, open_engine(scratch / ENGINE_FILE) as engine:
            report = _ingest(engine, source, home, options, progress or (lambda stage: None))
    except (duckdb.Error, OSError) as error:
        # A damaged page of a Parquet file, a full disk: the engine's first line says which.
        raise IngestError(f"cannot ingest {source} into {home}: {str(error).splitlines()[0]}") from error
    seconds = time.perf_counter() - started
    logger.info("ingested %s: %d interactions in %.1f s", source, report.rows["interactions"], seconds)
    return replace(report, seconds=seconds)


def _ingest(
    engine: duckdb.DuckDBPyConnection,
    source: str,
    home: Path,
    options: IngestOptions,
    announce: Callable[[str], None],
) -> IngestReport:
    folder = home / TABLES_FOLDER
    key = _key(home)
    previous = None if options.replace else _previous(folder)

    announce("reading the export")
    export = open_export(source, engine, mapping=options.mapping, scratch=home / SCRATCH_FOLDER)
    set_timezone(engine, export.timezone)
    if previous is not None:
        _refuse_mixing(previous.manifest, export, key)

    announce("checking rows")
    make_rejects(engine)
    cleaned = {name: clean(engine, name, table) for name, table in export.tables.items()}
    rejects_file = write_rejects(engine, home)
    refuse_too_many(engine, cleaned, max_share=options.max_reject_share, file=rejects_file)

    announce("joining with what is there")
    merge(engine, key, previous)
    event, derived_warnings = derive(engine, basket_window=options.basket_window)

    announce("writing tables")
    unfinished = home / SCRATCH_FOLDER
    files = {name: write_table(engine, name, unfinished) for name in SCHEMAS if name not in ASSOCIATIONS}

    announce("counting what is bought together")
    open_lines(engine, files["interactions"], files["items"])
    num_baskets = number_baskets(engine, event=event)
    for name, count_pairs in ASSOCIATIONS.items():
        engine.register(name, count_pairs(engine, min_baskets=options.min_baskets))
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
    tables, changed = publish(files, manifest, folder)
    return IngestReport(
        tables=tables,
        changed=changed,
        rows={name: tables.rows(name) for name in SCHEMAS},
        rejects=manifest.rejected,
        returned=manifest.returned,
        warnings=manifest.warnings,
        seconds=0.0,
    )


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    try:
        with FileLock(home / LOCK, timeout=0):
            yield
    except Timeout as error:
        raise IngestError(f"another ingest runs on {home}: wait until it is done") from error


@contextmanager
def _scratch_folder(home: Path) -> Iterator[Path]:
    """A folder that nobody else may read, since the shop's own user ids go through it."""
    folder = home / SCRATCH_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _key(home: Path) -> PseudonymKey:
    try:
        return load_key(home)
    except PseudonymKeyError as error:
        raise IngestError(str(error)) from error


def _previous(folder: Path) -> Tables | None:
    if not (folder / MANIFEST).exists():
        return None
    try:
        return open_tables(folder)
    except TablesError as error:
        raise IngestError(f"{error} --replace") from error


def _refuse_mixing(previous: Manifest, export: Export, key: PseudonymKey) -> None:
    """Raise where rows of the export would not mean the same as those that are there."""
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
