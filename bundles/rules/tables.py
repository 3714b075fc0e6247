"""The SQL tables of decisions. Rows are only ever added: the tables are the audit trail.

The types are those that every database has, so that PostgreSQL may take the place of SQLite.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, in UTC, where the database (SQLite) would forget its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("bundle_id", String(512)),
    Column("title", String(200)),
    Column("price", Double),
    Column("share", Double),
    Column("margin_floor", Double),
    Column("made_by", String(100), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("note", String(1000), nullable=False),
)

decision_items = Table(
    "decision_items",
    metadata,
    Column("decision_id", ForeignKey("decisions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("item_id", String(512), nullable=False),
)

decision_revocations = Table(
    "decision_revocations",
    metadata,
    Column("decision_id", ForeignKey("decisions.id"), primary_key=True),
    Column("revoked_by", String(100), nullable=False),
    Column("revoked_at", UtcDateTime, nullable=False),
)

#: One row. A writer raises the number first, so that writers queue; readers see by it that nothing changed.
decision_version = Table("decision_version", metadata, Column("number", Integer, nullable=False))
