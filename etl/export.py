"""An export as every source gives it: relations in the engine, and how their columns are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The column of a relation that numbers its rows; row 1 follows the header.
ROW = '"#row"'


@dataclass(frozen=True)
class UnreadableRow:
    """A line that is no record of its table."""

    row: int
    reason: str
    data: str
    """What it held, as a JSON object."""


@dataclass(frozen=True)
class ExportTable:
    """One table of an export, as it came: `relation` in the engine holds `ROW` and the shop's own columns."""

    relation: str
    columns: Mapping[str, str]
    """Our name to theirs, for the columns of the contract that are there."""
    types: Mapping[str, str]
    """DuckDB type of each of their columns."""
    events: Mapping[str, str] = field(default_factory=dict)
    """Their event to ours."""
    unreadable: tuple[UnreadableRow, ...] = ()
    """Rows that are not in the relation."""

    @property
    def unknown(self) -> list[str]:
        """Their columns that the contract does not know."""
        known = set(self.columns.values())
        return [name for name in self.types if name not in known]


@dataclass(frozen=True)
class Export:
    """What a shop gives."""

    source: str
    """What `Manifest.source` says."""
    timezone: str
    """IANA name: reads zoneless times and sets where a day begins."""
    currency: str | None
    tables: Mapping[str, ExportTable]
    warnings: tuple[str, ...] = ()
