"""The canonical tables, which every later stage reads.

A tables folder holds `manifest.json` and one Parquet file for each table. File names contain a content hash,
and the manifest is replaced in one rename, so a reader sees either the old tables or the new ones, and a
killed ingest leaves the old ones complete.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.errors import StageError

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"

_TEXT, _NUMBER, _FLAG = pa.string(), pa.float64(), pa.bool_()
_TIME = pa.timestamp("us", tz="UTC")
_ASSOCIATION = {
    "baskets": pa.int64(),
    "support": _NUMBER,
    "confidence_forward": _NUMBER,
    "confidence_backward": _NUMBER,
    "lift": _NUMBER,
    "npmi": _NUMBER,
}


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(columns)


#: Column names and types of each canonical table. Every table always exists; it may be empty.
#: `attributes` is a JSON object of the columns that are not in the import contract. Ids are text.
SCHEMAS: dict[str, pa.Schema] = {
    # One row for each event, sorted by timestamp, basket_id, item_id, event_key. `user_id` is a pseudonym.
    # `local_date` is the day in the shop's time zone. `basket_id` is the shop's, or made from user and day.
    "interactions": _schema(
        event_key=_TEXT, user_id=_TEXT, item_id=_TEXT, event=_TEXT, timestamp=_TIME, local_date=pa.date32(),
        basket_id=_TEXT, quantity=_NUMBER, unit_price=_NUMBER,
    ),
    # `listed` is false for an item that is not in the catalogue. `price_given` is false if `price` is the
    # median line price, or null.
    "items": _schema(
        item_id=_TEXT, title=_TEXT, category_id=_TEXT, brand=_TEXT, description=_TEXT, price=_NUMBER,
        cost=_NUMBER, in_stock=_FLAG, listed=_FLAG, attributes=_TEXT, price_given=_FLAG,
    ),
    # `category_id` is the path joined by " > "; a root has level 0.
    "categories": _schema(category_id=_TEXT, name=_TEXT, level=pa.int32(), parent_id=_TEXT),
    "users": _schema(user_id=_TEXT, attributes=_TEXT),
    "bundles": _schema(bundle_id=_TEXT, title=_TEXT, discount=_NUMBER),
    "bundle_items": _schema(bundle_id=_TEXT, item_id=_TEXT, quantity=_NUMBER),
    "bundle_interactions": _schema(
        event_key=_TEXT, user_id=_TEXT, bundle_id=_TEXT, timestamp=_TIME, event=_TEXT
    ),
    "promotions": _schema(promotion_id=_TEXT, name=_TEXT, starts_at=_TIME, ends_at=_TIME),
    "promotion_items": _schema(promotion_id=_TEXT, item_id=_TEXT, discount=_NUMBER),
    "reviews": _schema(
        event_key=_TEXT, user_id=_TEXT, item_id=_TEXT, text=_TEXT, rating=_NUMBER, timestamp=_TIME
    ),
    "item_vectors": _schema(item_id=_TEXT, vector=pa.list_(pa.float32())),
    "item_links": _schema(item_id=_TEXT, related_item_id=_TEXT, kind=_TEXT),
    # Counted by `etl.associations` over all baskets, from the lower id to the higher in code-point order.
    "co_purchases": _schema(from_item_id=_TEXT, to_item_id=_TEXT, **_ASSOCIATION),
    "category_pairs": _schema(from_category_id=_TEXT, to_category_id=_TEXT, **_ASSOCIATION),
}  # fmt: skip


class TablesError(StageError):
    """The tables folder is missing, damaged or has another schema version."""


@dataclass(frozen=True)
class TableFile:
    """One table of a manifest: its file name in the folder, number of rows and SHA-256."""

    file: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The content of a tables folder and the settings it was made with."""

    tables_version: str
    """Hash over all tables and the settings that affect them: equal tables have equal versions."""
    source: str
    """The SOURCE of the tables: a resolved folder, or `completejourney`."""
    ingested_at: str
    """RFC 3339, UTC."""
    timezone: str
    currency: str | None
    association_event: str
    """The event that associations count: `purchase`, or the strongest one in the export."""
    num_baskets: int
    """N in the formulas of `etl.associations`."""
    min_baskets: int
    basket_window: str
    key_fingerprint: str
    """Fingerprint of the pseudonym key; another key is refused."""
    first_at: str | None
    """Time of the first interaction, RFC 3339 UTC; None if there are no interactions."""
    last_at: str | None
    tables: dict[str, TableFile]
    warnings: list[str] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)
    """Number of bad rows by table in the last ingest."""
    returned: int = 0
    """Number of lines with negative quantity in the last ingest: left out, but not bad."""
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> str:
        """This manifest as indented JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """The manifest in `text`, which `to_json` wrote.

        Raises:
            TablesError: If it has another schema version.
        """
        values = json.loads(text)
        if values.get("schema_version") != SCHEMA_VERSION:
            raise TablesError(
                f"expected tables of schema version {SCHEMA_VERSION}, found {values.get('schema_version')}: "
                "run bundlegraph ingest --replace"
            )
        tables = {name: TableFile(**entry) for name, entry in values.pop("tables").items()}
        return cls(tables=tables, **values)


@dataclass(frozen=True)
class Tables:
    """The canonical tables of one folder. Open them with `open_tables`."""

    folder: Path
    manifest: Manifest

    def path(self, name: str) -> Path:
        """The Parquet file of table `name`."""
        return self.folder / self.manifest.tables[name].file

    def rows(self, name: str) -> int:
        """Number of rows of table `name`."""
        return self.manifest.tables[name].rows

    def read(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Table `name`, or only its `columns`, in memory."""
        return pq.read_table(self.path(name), columns=None if columns is None else list(columns))


def open_tables(folder: Path) -> Tables:
    """Open the tables in `folder`.

    Raises:
        TablesError: If there are none, a file is missing, or they have another schema version.
    """
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TablesError(f"no tables in {folder}: run bundlegraph ingest") from error
    try:
        manifest = Manifest.from_json(text)
    except (ValueError, TypeError, KeyError) as error:
        raise TablesError(f"{folder / MANIFEST} is damaged ({error}): run bundlegraph ingest") from error
    tables = Tables(folder, manifest)
    for name in SCHEMAS:
        if name not in manifest.tables or not tables.path(name).is_file():
            raise TablesError(f"table {name} is missing in {folder}: run bundlegraph ingest")
    return tables
