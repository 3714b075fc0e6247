"""A small export folder for tests."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from etl.ingest import IngestOptions, IngestReport, ingest


@dataclass(frozen=True)
class Shop:
    """An export folder and a home."""

    folder: Path
    home: Path

    def write(self, **texts: str) -> Shop:
        """Write each text as NAME.csv, `mapping` as mapping.toml."""
        self.folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            file = "mapping.toml" if name == "mapping" else f"{name}.csv"
            (self.folder / file).write_text(text, encoding="utf-8")
        return self

    def ingest(self, **options: Any) -> IngestReport:
        """Ingest the folder with `min_baskets` 1."""
        return ingest(str(self.folder), self.home, options=replace(IngestOptions(min_baskets=1), **options))

    def rejects(self) -> list[tuple[str, int, str]]:
        """Table, row and reason of each row of rejects.csv."""
        with (self.home / "rejects.csv").open(encoding="utf-8", newline="") as opened:
            return [(row["table"], int(row["row"]), row["reason"]) for row in csv.DictReader(opened)]


def rows(report: IngestReport, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a table, as tuples."""
    return [tuple(row[column] for column in columns) for row in report.tables.read(name, columns).to_pylist()]


def day(number: int) -> str:
    """The `number`th day of March 2026, ISO 8601."""
    return f"2026-03-{number:02}T10:00:00Z"
