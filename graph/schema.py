"""The graph's schema: every label, relationship type, key and property, in one place.

Both stores create their schema from it, `graph.rows` derives rows with these columns from the tables, and
edge tables carry the columns to the models. Types are Arrow types; each store translates them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pyarrow as pa

#: Columns that hold the external keys of a relationship's two ends.
SOURCE_KEY = "source_key"
TARGET_KEY = "target_key"

TIME = pa.timestamp("us", tz="UTC")
COUNTS = pa.list_(pa.int64())
_TEXT, _NUMBER, _INTEGER = pa.string(), pa.float64(), pa.int64()
_NO_PROPERTIES = pa.schema([])


@dataclass(frozen=True)
class NodeType:
    """A label with its key and properties."""

    label: str
    columns: pa.Schema
    """The key first, then the properties."""

    @property
    def key(self) -> str:
        """Name of the property that identifies a node, unique within the label."""
        return str(self.columns.names[0])


@dataclass(frozen=True)
class RelationshipType:
    """A relationship type between two labels, with its properties.

    Two nodes share at most one relationship of a type, or one for each value of `extra_keys`.
    """

    type: str
    source: str
    target: str
    columns: pa.Schema = _NO_PROPERTIES
    extra_keys: tuple[str, ...] = ()
    """Properties that are part of the key, never null: the first of `columns`."""

    @property
    def row_columns(self) -> pa.Schema:
        """Columns of a table of such relationships: both keys, then the properties."""
        return pa.schema([(SOURCE_KEY, _TEXT), (TARGET_KEY, _TEXT), *self.columns])

    @property
    def row_key(self) -> list[str]:
        """The first of `row_columns`, which identify a relationship."""
        return [SOURCE_KEY, TARGET_KEY, *self.extra_keys]


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(columns)


_EVENTS = _schema(count=_INTEGER, first_at=TIME, last_at=TIME)

NODE_TYPES: dict[str, NodeType] = {
    node.label: node
    for node in (
        # `user_id` is a pseudonym.
        NodeType("User", _schema(user_id=_TEXT, first_seen=TIME, last_seen=TIME)),
        # `margin` is (price - cost) / price, null if either is unknown. `baskets` is the number of purchase
        # baskets with the item; `baskets_by_week` splits it into 53 weeks of the year, null for few baskets.
        NodeType(
            "Item",
            _schema(
                item_id=_TEXT, title=_TEXT, brand=_TEXT, price=_NUMBER, margin=_NUMBER, in_stock=pa.bool_(),
                baskets=_INTEGER, baskets_by_week=COUNTS,
            ),
        ),
        NodeType("Category", _schema(category_id=_TEXT, name=_TEXT, level=_INTEGER)),
        NodeType("Brand", _schema(brand_id=_TEXT, name=_TEXT)),
        # `source` is `merchant` for the shop's own bundles.
        NodeType("Bundle", _schema(bundle_id=_TEXT, title=_TEXT, discount=_NUMBER, source=_TEXT)),
        NodeType("Promotion", _schema(promotion_id=_TEXT, name=_TEXT, starts_at=TIME, ends_at=TIME)),
    )
}  # fmt: skip

RELATIONSHIP_TYPES: dict[str, RelationshipType] = {
    relationship.type: relationship
    for relationship in (
        RelationshipType("VIEWED", "User", "Item", _EVENTS),
        RelationshipType("CARTED", "User", "Item", _EVENTS),
        RelationshipType("FAVOURITED", "User", "Item", _EVENTS),
        RelationshipType("PURCHASED", "User", "Item", _EVENTS),
        RelationshipType("IN_CATEGORY", "Item", "Category"),
        RelationshipType("CHILD_OF", "Category", "Category"),
        RelationshipType("MADE_BY", "Item", "Brand"),
        # Stored once, from the lower id in code-point order.
        RelationshipType(
            "CO_PURCHASED",
            "Item",
            "Item",
            _schema(
                baskets=_INTEGER, support=_NUMBER, confidence_forward=_NUMBER, confidence_backward=_NUMBER,
                lift=_NUMBER, npmi=_NUMBER,
            ),
        ),
        # Between level-0 categories, stored once, from the lower id.
        RelationshipType(
            "BOUGHT_WITH", "Category", "Category", _schema(baskets=_INTEGER, lift=_NUMBER, npmi=_NUMBER)
        ),
        # Links that the shop provided; `kind` is "" where the shop gives none.
        RelationshipType("LINKED", "Item", "Item", _schema(kind=_TEXT), extra_keys=("kind",)),
        RelationshipType("CONTAINS", "Bundle", "Item", _schema(quantity=_NUMBER)),
        RelationshipType("CHOSE", "User", "Bundle", _schema(count=_INTEGER, last_at=TIME)),
        RelationshipType("OFFERS", "Promotion", "Item", _schema(discount=_NUMBER)),
    )
}  # fmt: skip

#: The relationship type that each event becomes.
EVENT_RELATIONSHIPS: dict[str, str] = {
    "view": "VIEWED",
    "cart": "CARTED",
    "favourite": "FAVOURITED",
    "purchase": "PURCHASED",
}

#: A single node of this label describes the loaded graph. It is not part of the shop's graph.
STATE = NodeType(
    "GraphState",
    # `loaded_at` is RFC 3339, UTC.
    _schema(name=_TEXT, tables_version=_TEXT, schema_version=_TEXT, is_complete=pa.bool_(), loaded_at=_TEXT),
)
STATE_NAME = "graph"

#: Neo4j only: a load holds the lock on a node of this label.
LOCK_LABEL = "GraphLock"

#: Every label and relationship type that a database of this product may hold. Version 0.1 created
#: PREDICTED_WITH and never wrote to it.
KNOWN_NAMES = frozenset({*NODE_TYPES, *RELATIONSHIP_TYPES, STATE.label, LOCK_LABEL, "PREDICTED_WITH"})

#: Hash over the schema: a graph with another schema version is loaded anew.
SCHEMA_VERSION = hashlib.sha256(
    repr([*NODE_TYPES.values(), *RELATIONSHIP_TYPES.values(), STATE]).encode()
).hexdigest()[:12]
