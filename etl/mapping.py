"""The mapping file: names and settings of a shop's export, so that nobody has to rewrite the export."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from etl.contract import CONTRACTS, IngestError

MAPPING_FILE = "mapping.toml"

Event = Literal["purchase", "cart", "favourite", "view"]


class TableMapping(BaseModel):
    """The section of one table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str | None = None
    """File name in the export folder; None means NAME.csv, NAME.csv.gz or NAME.parquet."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    columns: dict[str, str] = {}
    """Contract column to shop's column."""
    events: dict[str, Event] = {}
    """Shop's event to contract event."""


class Mapping(BaseModel):
    """A whole mapping file; every part is optional."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str = "UTC"
    """IANA name of the zone for times without one and for the start of a day."""
    currency: str | None = None
    tables: dict[str, TableMapping] = {}

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"there is no time zone {timezone!r}: use an IANA name such as Europe/London"
            ) from error
        return timezone

    @model_validator(mode="after")
    def _names_our_columns(self) -> Self:
        for name, table in self.tables.items():
            if name not in CONTRACTS:
                raise ValueError(f"there is no table {name!r}, only {', '.join(CONTRACTS)}")
            known = [column.name for column in CONTRACTS[name].columns]
            for column in table.columns:
                if column not in known:
                    raise ValueError(
                        f"{name} has no column {column!r}, only {', '.join(known)} (ours = theirs)"
                    )
        return self

    def table(self, name: str) -> TableMapping:
        """The section of table `name`, or an empty one."""
        return self.tables.get(name, TableMapping())


def read_mapping(file: Path) -> Mapping:
    """The mapping in `file`.

    Raises:
        IngestError: If there is no such file, or it contains unknown names or values.
    """
    try:
        sections = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise IngestError(f"cannot read mapping file {file}: {_one_line(error)}") from error
    whole = {name: sections.pop(name) for name in ("timezone", "currency") if name in sections}
    try:
        return Mapping.model_validate({**whole, "tables": sections})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part != "tables")
        message = first["msg"].removeprefix("Value error, ")
        raise IngestError(f"{file}: {where + ': ' if where else ''}{message}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
