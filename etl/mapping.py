"""The mapping file: how a shop's export is called, so that nobody has to rewrite it."""

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
    """One table's section."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str | None = None
    """File name in the export folder; none for NAME.csv, NAME.csv.gz or NAME.parquet."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    columns: dict[str, str] = {}
    """Ours = theirs."""
    events: dict[str, Event] = {}
    """Theirs = ours."""


class Mapping(BaseModel):
    """A whole mapping file; all of it may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str = "UTC"
    """IANA name: reads zoneless times and sets where a day begins."""
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
            for ours in table.columns:
                if ours not in known:
                    raise ValueError(
                        f"{name} has no column {ours!r}, only {', '.join(known)} (ours = theirs)"
                    )
        return self

    def table(self, name: str) -> TableMapping:
        """The section of table `name`, or an empty one."""
        return self.tables.get(name, TableMapping())


def read_mapping(file: Path) -> Mapping:
    """The mapping in `file`.

    Raises:
        IngestError: If it is no such file, or says what the contract does not know.
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
