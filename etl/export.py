"""An export in the form that every source produces: relations in the engine, and their column names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The column with a row's number in its file; row 1 follows the header.
ROW = '"#row"'


@dataclass(frozen=True)
class UnreadableRow:
    """A line that could not be read as a record."""

    row: int
    reason: str
    data: str
    """The content of the line, as a JSON object."""


@dataclass(frozen=True)
class ExportTable:
    """One table of an export: `relation` in the engine holds `ROW` and the shop's own columns."""

    relation: str
    columns: Mapping[str, str]
    """Contract column to shop's column, for the columns that the export has."""
    types: Mapping[str, str]
    """DuckDB type of each of the shop's columns."""
    events: Mapping[str, str] = field(default_factory=dict)
    """Shop's event to contract event."""
    unreadable: tuple[UnreadableRow, ...] = ()
    """Lines that are not in the relation."""

    @property
    def unknown(self) -> list[str]:
        """The shop's columns that are not in the contract."""
        known = set(self.columns.values())
        return [name for name in self.types if name not in known]


@dataclass(frozen=True)
class Export:
    """All tables of a shop's export, with its settings."""

    source: str
    """See `Manifest.source`."""
    timezone: str
    """IANA name of the zone for times without one and for the start of a day."""
    currency: str | None
    tables: Mapping[str, ExportTable]
    warnings: tuple[str, ...] = ()
