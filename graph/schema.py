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
        return pa.schema([(SOURCE_KEY, pa.string()), (TARGET_KEY, pa.string()), *self.columns])

    @property
    def row_key(self) -> list[str]:
        """The first of `row_columns`, which identify a relationship."""
        return [SOURCE_KEY, TARGET_KEY, *self.extra_keys]


_EVENTS = pa.schema([("count", pa.int64()), ("first_at", TIME), ("last_at", TIME)])

NODE_TYPES: dict[str, NodeType] = {
    node.label: node
    for node in (
        NodeType(
            "User",
            # `user_id` is a pseudonym.
            pa.schema([("user_id", pa.string()), ("first_seen", TIME), ("last_seen", TIME)]),
        ),
        NodeType(
            "Item",
            pa.schema(
                [
                    ("item_id", pa.string()),
                    ("title", pa.string()),
                    ("brand", pa.string()),
                    ("price", pa.float64()),
                    # (price - cost) / price; null where either is unknown.
                    ("margin", pa.float64()),
                    ("in_stock", pa.bool_()),
                    # Number of purchase baskets that hold the item: its popularity.
                    ("baskets", pa.int64()),
                    # The same by week of the year, 53 counts; null for items in too few baskets.
                    ("baskets_by_week", COUNTS),
                ]
            ),
        ),
        NodeType(
            "Category",
            pa.schema([("category_id", pa.string()), ("name", pa.string()), ("level", pa.int64())]),
        ),
        NodeType("Brand", pa.schema([("brand_id", pa.string()), ("name", pa.string())])),
        NodeType(
            "Bundle",
            # `source` is `merchant` or `generated`.
            pa.schema(
                [
                    ("bundle_id", pa.string()),
                    ("title", pa.string()),
                    ("discount", pa.float64()),
                    ("source", pa.string()),
                ]
            ),
        ),
        NodeType(
            "Promotion",
            pa.schema(
                [("promotion_id", pa.string()), ("name", pa.string()), ("starts_at", TIME), ("ends_at", TIME)]
            ),
        ),
    )
}

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
        RelationshipType(
            "CO_PURCHASED",
            # Stored once, from the lower id in code-point order.
            "Item",
            "Item",
            pa.schema(
                [
                    ("baskets", pa.int64()),
                    ("support", pa.float64()),
                    ("confidence_forward", pa.float64()),
                    ("confidence_backward", pa.float64()),
                    ("lift", pa.float64()),
                    ("npmi", pa.float64()),
                ]
            ),
        ),
        RelationshipType(
            "BOUGHT_WITH",
            # Between level-0 categories, stored once, from the lower id.
            "Category",
            "Category",
            pa.schema([("baskets", pa.int64()), ("lift", pa.float64()), ("npmi", pa.float64())]),
        ),
        RelationshipType(
            "LINKED",
            # A link that the shop provided; `kind` is "" where the shop gives none.
            "Item",
            "Item",
            pa.schema([("kind", pa.string())]),
            extra_keys=("kind",),
        ),
        RelationshipType("CONTAINS", "Bundle", "Item", pa.schema([("quantity", pa.float64())])),
        RelationshipType("CHOSE", "User", "Bundle", pa.schema([("count", pa.int64()), ("last_at", TIME)])),
        RelationshipType("OFFERS", "Promotion", "Item", pa.schema([("discount", pa.float64())])),
    )
}

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
    pa.schema(
        [
            ("name", pa.string()),
            ("tables_version", pa.string()),
            ("schema_version", pa.string()),
            ("is_complete", pa.bool_()),
            # RFC 3339, UTC.
            ("loaded_at", pa.string()),
        ]
    ),
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
