"""A shop's export: a folder with a CSV, CSV.gz or Parquet file for each table, and perhaps a mapping file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from etl.contract import CONTRACTS, IngestError
from etl.engine import column_types
from etl.export import ROW, Export, ExportTable, UnreadableRow
from etl.mapping import MAPPING_FILE, Mapping, TableMapping, read_mapping
from etl.sources.csv_file import read_csv
from etl.sources.parquet_file import read_parquet

SUFFIXES = (".csv", ".csv.gz", ".parquet")


def open_folder(
    folder: Path, engine: duckdb.DuckDBPyConnection, *, mapping: Path | None, scratch: Path
) -> Export:
    """Open the export in `folder` as relations in the engine.

    Args:
        folder: The folder of the files.
        engine: Receives a relation `export_NAME` for each table of the export.
        mapping: Mapping file; None means `mapping.toml` in `folder`, if it exists.
        scratch: An existing folder for temporary files.

    Raises:
        IngestError: If the folder does not exist, `interactions` or a required column is missing, or a file
            is empty, damaged or of another format than its name suggests.
    """
    if not folder.is_dir():
        raise IngestError(f"{folder} is not a folder: give the folder of an export, or completejourney")
    settings = _settings(folder, mapping)
    files = {
        name: file for name in CONTRACTS if (file := _find(folder, name, settings.table(name))) is not None
    }
    if "interactions" not in files:
        raise IngestError(
            f"no interactions in {folder}: expected interactions.csv, .csv.gz or .parquet, "
            f"or [interactions] file = … in {MAPPING_FILE}"
        )
    tables = {name: _open(engine, name, file, settings.table(name), scratch) for name, file in files.items()}
    return Export(
        source=str(folder.resolve()),
        timezone=settings.timezone,
        currency=settings.currency,
        tables=tables,
        warnings=(*_unread_files(folder, files), *_unused_columns(tables)),
    )


def _settings(folder: Path, mapping: Path | None) -> Mapping:
    if mapping is not None:
        return read_mapping(mapping)
    inside = folder / MAPPING_FILE
    return read_mapping(inside) if inside.exists() else Mapping()


def _find(folder: Path, name: str, settings: TableMapping) -> Path | None:
    if settings.file is not None:
        file = folder / settings.file
        if not file.is_file():
            raise IngestError(f"{name}: {settings.file}, which the mapping names, is not in {folder}")
        return file
    found = [file for suffix in SUFFIXES if (file := folder / f"{name}{suffix}").is_file()]
    if len(found) > 1:
        names = " and ".join(file.name for file in found)
        raise IngestError(
            f"{names} are both in {folder}: remove one, or name one as [{name}] file in {MAPPING_FILE}"
        )
    return found[0] if found else None


def _open(
    engine: duckdb.DuckDBPyConnection, name: str, file: Path, settings: TableMapping, scratch: Path
) -> ExportTable:
    relation = f"export_{name}"
    unreadable: list[UnreadableRow] = []
    if file.suffix == ".parquet":
        read_parquet(engine, relation, file)
    else:
        unreadable = read_csv(engine, relation, file, delimiter=settings.delimiter, scratch=scratch)
    types = column_types(engine, relation)
    types.pop(ROW.strip('"'))
    return ExportTable(
        relation=relation,
        columns=_match_columns(name, file, list(types), settings),
        types=types,
        events=settings.events,
        unreadable=tuple(unreadable),
    )


def _match_columns(name: str, file: Path, found: list[str], settings: TableMapping) -> dict[str, str]:
    """Contract column to shop's column: from the mapping, else a column of the same name."""
    columns: dict[str, str] = {}
    for column in CONTRACTS[name].columns:
        wanted = settings.columns.get(column.name, column.name)
        if wanted in found:
            columns[column.name] = wanted
        elif column.is_required or column.name in settings.columns:
            what = "required column" if wanted == column.name else f"column {wanted!r}, mapped to"
            raise IngestError(
                f"{file.name} lacks the {what} {column.name}; it has {_listed(found)}: "
                f"{_advice(name, found, settings.delimiter)}"
            )
    return columns


def _listed(names: list[str], limit: int = 20) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _advice(name: str, found: list[str], delimiter: str) -> str:
    if len(found) == 1:
        for other in (";", "\t", "|", ","):
            if other != delimiter and other in found[0]:
                return f"set delimiter = {other!r} under [{name}] in {MAPPING_FILE}"
    return f"name it under [{name}.columns] in {MAPPING_FILE}"


def _unread_files(folder: Path, files: dict[str, Path]) -> list[str]:
    read = {file.name for file in files.values()}
    unread = sorted(
        file.name for file in folder.iterdir() if file.name.endswith(SUFFIXES) and file.name not in read
    )
    return [f"files of no known table, not read: {_listed(unread)}"] if unread else []


def _unused_columns(tables: dict[str, ExportTable]) -> list[str]:
    return [
        f"{name}: columns not used: {_listed(table.unknown)}"
        for name, table in tables.items()
        if table.unknown and not CONTRACTS[name].keeps_unknown
    ]
