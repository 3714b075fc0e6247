"""What the graph consists of: every label, relationship type, key and property, in one place.

Both stores build their schema from this, `graph.rows` derives rows of these columns from the tables, and
edge tables carry them to the models. Types are Arrow's; each store spells them its own way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pyarrow as pa

#: Columns that name the two ends of a relationship in a table of rows, by external key.
SOURCE_KEY = "source_key"
TARGET_KEY = "target_key"

TIME = pa.timestamp("us", tz="UTC")
VECTOR = pa.list_(pa.float32())
COUNTS = pa.list_(pa.int64())
_NOTHING = pa.schema([])


@dataclass(frozen=True)
class NodeType:
    """A label, its key and its properties."""

    label: str
    columns: pa.Schema
    """The key first, then the properties that a load writes."""
    written_back: pa.Schema = _NOTHING
    """Properties that a trained model writes; a load leaves them empty and edge tables leave them out."""

    @property
    def key(self) -> str:
        """The property that names a node, unique within the label."""
        return str(self.columns.names[0])


@dataclass(frozen=True)
class RelationshipType:
    """A relationship type between two labels: at most one relationship a pair, or a pair and `told_by`."""

    type: str
    source: str
    target: str
    columns: pa.Schema = _NOTHING
    told_by: tuple[str, ...] = ()
    """Properties, never empty, that tell relationships of one pair apart: the first of `columns`."""
    is_written_back: bool = False
    """True where a trained model writes it: a load leaves it empty and edge tables leave it out."""

    @property
    def row_columns(self) -> pa.Schema:
        """Columns of a table of such relationships: both keys, then the properties."""
        return pa.schema([(SOURCE_KEY, pa.string()), (TARGET_KEY, pa.string()), *self.columns])

    @property
    def row_key(self) -> list[str]:
        """The first of `row_columns`, which name a relationship."""
        return [SOURCE_KEY, TARGET_KEY, *self.told_by]


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
                    # (price - cost) / price, empty where either is unknown.
                    ("margin", pa.float64()),
                    ("in_stock", pa.bool_()),
                    # Purchase baskets that hold the item: its popularity.
                    ("baskets", pa.int64()),
                    # The same by the week of the year in which they began, 53 counts; empty for few baskets.
                    ("baskets_by_week", COUNTS),
                ]
            ),
            written_back=pa.schema([("embedding", VECTOR)]),
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
            # What the shop itself says of two items; `kind` is "" where it gives none.
            "Item",
            "Item",
            pa.schema([("kind", pa.string())]),
            told_by=("kind",),
        ),
        RelationshipType("CONTAINS", "Bundle", "Item", pa.schema([("quantity", pa.float64())])),
        RelationshipType("CHOSE", "User", "Bundle", pa.schema([("count", pa.int64()), ("last_at", TIME)])),
        RelationshipType("OFFERS", "Promotion", "Item", pa.schema([("discount", pa.float64())])),
        RelationshipType(
            "PREDICTED_WITH",
            "Item",
            "Item",
            pa.schema([("score", pa.float64()), ("rank", pa.int64()), ("model_version", pa.string())]),
            is_written_back=True,
        ),
    )
}

#: The relationship type that each event becomes.
EVENT_RELATIONSHIPS: dict[str, str] = {
    "view": "VIEWED",
    "cart": "CARTED",
    "favourite": "FAVOURITED",
    "purchase": "PURCHASED",
}

#: Relationship types that a load writes and edge tables hold.
LOADED_RELATIONSHIPS: tuple[RelationshipType, ...] = tuple(
    relationship for relationship in RELATIONSHIP_TYPES.values() if not relationship.is_written_back
)

#: One node of this label says what the graph holds: it is ours, but no part of the shop's graph.
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

#: Changes with anything above, so that a graph of another shape is loaded anew.
SCHEMA_VERSION = hashlib.sha256(
    repr([*NODE_TYPES.values(), *RELATIONSHIP_TYPES.values(), STATE]).encode()
).hexdigest()[:12]
