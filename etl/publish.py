"""Publishing: new tables replace the old ones at once, so a reader never sees a mixture."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from etl.engine import literal
from etl.tables import MANIFEST, SCHEMAS, Manifest, TableFile, Tables, TablesError, open_tables

#: Sort orders of tables that are not sorted by their first two columns.
_ORDERS = {
    "interactions": "timestamp, basket_id, item_id, event_key",
    "bundle_interactions": "timestamp, user_id, bundle_id, event_key",
    "reviews": "timestamp, user_id, item_id, event_key",
    "item_vectors": "item_id",
}


def write_table(engine: duckdb.DuckDBPyConnection, name: str, folder: Path) -> Path:
    """Write relation `name` to `folder` with the columns and order of the canonical table."""
    schema = SCHEMAS[name]
    file = folder / f"{name}.parquet"
    order = _ORDERS.get(name, ", ".join(schema.names[:2]))
    engine.execute(f"""
        COPY (SELECT {", ".join(schema.names)} FROM {name} ORDER BY {order})
        TO {literal(file)} (FORMAT parquet, COMPRESSION zstd)
    """)
    return file


def describe_file(file: Path) -> TableFile:
    """The manifest entry of a written table; its final file name contains its hash."""
    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    return TableFile(f"{file.stem}-{sha256[:16]}.parquet", pq.read_metadata(file).num_rows, sha256)


def tables_version(manifest: Manifest) -> str:
    """A hash of 16 hex characters over all tables' hashes and the settings that affect them."""
    settings = (
        manifest.schema_version,
        manifest.timezone,
        manifest.currency,
        manifest.association_event,
        manifest.min_baskets,
        manifest.basket_window,
        manifest.key_fingerprint,
        *(f"{name}:{entry.sha256}" for name, entry in sorted(manifest.tables.items())),
    )
    return hashlib.sha256("\n".join(map(str, settings)).encode()).hexdigest()[:16]


def publish_tables(files: Mapping[str, Path], manifest: Manifest, folder: Path) -> tuple[Tables, bool]:
    """Move `files` into `folder`, write their `manifest`, and delete the files of older manifests.

    The manifest is renamed into place last. A run that is killed before leaves the old tables unchanged; one
    that is killed after leaves files that the next run deletes.

    Returns:
        The tables, and whether they differ from the existing ones; if not, nothing was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = replace(manifest, tables_version=tables_version(manifest))
    before = _existing_tables(folder)
    if before is not None and _identity(before.manifest) == _identity(manifest):
        _remove_strays(folder, before.manifest)
        return before, False
    for name, entry in manifest.tables.items():
        _sync(files[name])
        files[name].replace(folder / entry.file)
    unfinished = folder / f".{MANIFEST}"
    unfinished.write_text(manifest.to_json() + "\n", encoding="utf-8")
    _sync(unfinished)
    _sync(folder)
    unfinished.replace(folder / MANIFEST)
    _sync(folder)
    _remove_strays(folder, manifest)
    return Tables(folder, manifest), True


def _identity(manifest: Manifest) -> tuple[str, str]:
    return manifest.source, manifest.tables_version


def _existing_tables(folder: Path) -> Tables | None:
    try:
        return open_tables(folder)
    except TablesError:
        return None


def _remove_strays(folder: Path, manifest: Manifest) -> None:
    """Delete the Parquet files that are not in `manifest`."""
    named = {entry.file for entry in manifest.tables.values()}
    for file in folder.glob("*.parquet"):
        if file.name not in named:
            file.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
