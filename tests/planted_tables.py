"""Planted shops as canonical tables and edge tables, both in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import log
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from etl.aggregates import NUM_WEEKS
from etl.pseudonyms import PseudonymKey
from etl.tables import SCHEMAS, Manifest, Tables
from graph.edges import EdgeTables, index_rows
from graph.rows import GraphRows, sorted_nodes, sorted_relationships
from graph.schema import (
    EVENT_RELATIONSHIPS,
    NODE_TYPES,
    RELATIONSHIP_TYPES,
)

KEY = PseudonymKey(b"a key for tests alone, 32 chars!")

#: When all baskets were bought.
AS_OF = datetime(2026, 11, 21, 23, tzinfo=UTC)
#: Age of the purchases in histories: recency is 0.
HISTORY_AGE = timedelta(days=365)
#: The end of a promotion without one, in seconds since 1970: the year 9999.
NEVER = 253_402_300_799


@dataclass(frozen=True)
class PlantedItem:
    """One item of a planted catalogue."""

    item_id: str
    category: str = ""
    price: float | None = None
    title: str = ""
    cost: float | None = None
    in_stock: bool = True


@dataclass(frozen=True)
class PlantedPromotion:
    """One promotion; times are seconds since 1970, by default those of a promotion without dates."""

    promotion_id: str
    items: Mapping[str, float | None]
    starts_at: int = 0
    ends_at: int = NEVER


@dataclass(frozen=True)
class PlantedShop:
    """A shop that a test describes. Counts come from `baskets`, each a list of item ids, repeated."""

    items: Sequence[PlantedItem]
    baskets: Sequence[tuple[Sequence[str], int]] = ()
    """(items, number of such baskets); all were bought at `AS_OF`, by nobody that is known"""
    histories: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Purchases by the shop's own user id and item id, in no basket."""
    promotions: Sequence[PlantedPromotion] = ()
    predicted_links: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Score by item id and linked item id."""
    category_links: Mapping[str, Mapping[str, tuple[float, int]]] = field(default_factory=dict)
    """(lift, baskets) by path and linked path."""
    substitutes: Sequence[tuple[str, str]] = ()
    """Item ids of pairs that replace each other."""
    variants: Sequence[tuple[str, ...]] = ()
    """Item ids of each product that comes in several variants."""
    product_types: Literal["leaves", "none"] = "leaves"
    """Whether the items of one leaf category replace each other."""
    baskets_by_week: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """Baskets by item id and week of the year, 1 to 53."""
    min_baskets: int = 5
    ranked_from: int = 10
    """The model ranks items in so many baskets or more."""
    association_event: str = "purchase"
    currency: str | None = "EUR"
    kind: str = "gnn"
    dim: int = 16
    version: str = "20261122T031700Z-test"
    trees: bool = False
    """Whether trees re-rank items and give co-basket probabilities."""


@dataclass(frozen=True)
class MemoryTables(Tables):
    """Canonical tables that are read from memory; they have no files."""

    contents: Mapping[str, pa.Table]

    def rows(self, name: str) -> int:
        """How many rows table `name` has."""
        return int(self.contents[name].num_rows)

    def read(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Table `name` (some `columns` of it)."""
        table = self.contents[name]
        return table if columns is None else table.select(list(columns))


def planted_tables(shop: PlantedShop, *, key: PseudonymKey = KEY) -> MemoryTables:
    """The tables that an ingest of `shop` would write."""
    items = sorted(shop.items, key=lambda item: item.item_id.encode())
    rows: dict[str, list[dict[str, object]]] = {
        "items": [
            {
                "item_id": item.item_id,
                "title": item.title,
                "category_id": item.category or None,
                "price": item.price,
                "cost": item.cost,
                "in_stock": item.in_stock,
                "listed": True,
            }
            for item in items
        ],
        "categories": [
            {
                "category_id": path,
                "name": path.split(" > ")[-1],
                "level": path.count(" > "),
                "parent_id": path.rpartition(" > ")[0] or None,
            }
            for path in _paths(item.category for item in items)
        ],
        "users": [{"user_id": key.pseudonym(user_id)} for user_id in shop.histories],
        "promotions": [
            {
                "promotion_id": promotion.promotion_id,
                "name": f"Name of {promotion.promotion_id}",
                "starts_at": _time(promotion.starts_at),
                "ends_at": _time(promotion.ends_at),
            }
            for promotion in shop.promotions
        ],
        "promotion_items": [
            {"promotion_id": promotion.promotion_id, "item_id": item_id, "discount": discount}
            for promotion in shop.promotions
            for item_id, discount in promotion.items.items()
        ],
    }
    contents = {name: pa.Table.from_pylist(rows.get(name, []), schema) for name, schema in SCHEMAS.items()}
    contents["interactions"] = _interactions(shop, key)
    manifest = Manifest(
        tables_version="tables",
        source="planted",
        ingested_at="2026-11-22T00:00:00Z",
        timezone="UTC",
        currency=shop.currency,
        association_event=shop.association_event,
        num_baskets=sum(times for _, times in shop.baskets),
        min_baskets=shop.min_baskets,
        basket_window="day",
        key_fingerprint=key.fingerprint,
        first_at=None,
        last_at=None,
        tables={},
    )
    return MemoryTables(Path("/nowhere"), manifest, contents)


def planted_edges(shop: PlantedShop, tables: MemoryTables) -> EdgeTables:
    """The graph of the `tables` of `shop`, counted in Python: DuckDB would take most of a test's time."""
    root = {item.item_id: item.category.split(" > ")[0] for item in shop.items}
    single: Counter[str] = Counter()
    for content, times in shop.baskets:
        single.update(dict.fromkeys(set(content), times))
    items = tables.read("items")
    ids = items["item_id"].to_pylist()
    weeks = [shop.baskets_by_week.get(item_id) for item_id in ids]
    nodes = {
        "User": _with_nulls(tables.read("users"), "first_seen", "last_seen"),
        "Item": _with_nulls(items, "margin")
        .append_column("baskets", pa.array([single[item_id] for item_id in ids], pa.int64()))
        .append_column("baskets_by_week", pa.array([_by_week(week) for week in weeks])),
        "Category": tables.read("categories"),
        "Brand": pa.table({"brand_id": pa.array([], pa.string()), "name": pa.array([], pa.string())}),
        "Bundle": _with_nulls(tables.read("bundles"), "source"),
        "Promotion": tables.read("promotions"),
    }
    events = Counter(
        (row["user_id"], row["item_id"])
        for row in tables.read("interactions", ["user_id", "item_id"]).to_pylist()
        if row["user_id"] is not None
    )
    by_roots = [([root[item_id] for item_id in content], times) for content, times in shop.baskets]
    categories, offers = tables.read("categories"), tables.read("promotion_items")
    found: dict[str, Iterable[tuple[object, ...]]] = {
        EVENT_RELATIONSHIPS[shop.association_event]: (
            (*pair, count, AS_OF - HISTORY_AGE, AS_OF - HISTORY_AGE) for pair, count in events.items()
        ),
        "IN_CATEGORY": ((item.item_id, item.category) for item in shop.items if item.category),
        "CHILD_OF": ((row["category_id"], row["parent_id"]) for row in categories.to_pylist()),
        "CO_PURCHASED": _pairs(shop.baskets, min_baskets=shop.min_baskets),
        "BOUGHT_WITH": (
            (*pair, baskets, lift, npmi)
            for *pair, baskets, _, _, _, lift, npmi in _pairs(by_roots, min_baskets=shop.min_baskets)
        ),
        "OFFERS": (tuple(row.values()) for row in offers.to_pylist()),
    }
    return index_rows(
        GraphRows(
            nodes={label: sorted_nodes(label, nodes[label]) for label in NODE_TYPES},
            relationships={name: _relationships(name, found.get(name, ())) for name in RELATIONSHIP_TYPES},
            tables_version=tables.manifest.tables_version,
        )
    )


def _paths(paths: Iterable[str]) -> list[str]:
    """`paths` and all above them, sorted."""
    parts = [path.split(" > ") for path in set(paths) if path]
    return sorted({" > ".join(part[: end + 1]) for part in parts for end in range(len(part))}, key=str.encode)


def _time(seconds: int) -> datetime | None:
    return None if seconds in (0, NEVER) else datetime.fromtimestamp(seconds, UTC)


def _interactions(shop: PlantedShop, key: PseudonymKey) -> pa.Table:
    """Lines of histories, then of baskets; a history's belong to no basket, so that counts stay apart."""
    bought = [
        (key.pseudonym(user_id), item_id)
        for user_id, history in shop.histories.items()
        for item_id, count in history.items()
        for _ in range(count)
    ]
    lines = [
        (f"b{number}-{copy}", item_id)
        for number, (content, times) in enumerate(shop.baskets)
        for copy in range(times)
        for item_id in sorted(set(content), key=str.encode)
    ]
    at = [AS_OF - HISTORY_AGE] * len(bought) + [AS_OF] * len(lines)
    columns = {
        "event_key": [str(number) for number in range(len(at))],
        "user_id": [user_id for user_id, _ in bought] + [None] * len(lines),
        "item_id": [item_id for _, item_id in (*bought, *lines)],
        "event": [shop.association_event] * len(at),
        "timestamp": at,
        "local_date": [moment.date() for moment in at],
        "basket_id": [None] * len(bought) + [basket_id for basket_id, _ in lines],
        "quantity": np.ones(len(at)),
        "unit_price": np.ones(len(at)),
    }
    return pa.table(columns, schema=SCHEMAS["interactions"])


def _pairs(
    baskets: Sequence[tuple[Sequence[str], int]], *, min_baskets: int
) -> list[tuple[str, str, int, float, float, float, float, float]]:
    """Keys of each pair of things in one basket, and its counts (`etl.associations`)."""
    single: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for content, times in baskets:
        things = sorted(set(content) - {""}, key=str.encode)
        single.update(dict.fromkeys(things, times))
        pairs.update(dict.fromkeys(combinations(things, 2), times))
    total = sum(times for _, times in baskets)
    rows = []
    for (low, high), count in pairs.items():
        if count >= min_baskets:
            support, lift = count / total, total * count / (single[low] * single[high])
            npmi = 1.0 if support == 1 else min(log(lift) / -log(support), 1.0)
            rows.append((low, high, count, support, count / single[low], count / single[high], lift, npmi))
    return rows


def _relationships(relationship_type: str, rows: Iterable[tuple[object, ...]]) -> pa.Table:
    columns = RELATIONSHIP_TYPES[relationship_type].row_columns
    kept = [row for row in rows if row[0] is not None and row[1] is not None]
    arrays = [pa.array([row[place] for row in kept], of.type) for place, of in enumerate(columns)]
    return sorted_relationships(relationship_type, pa.table(arrays, schema=columns))


def _with_nulls(table: pa.Table, *names: str) -> pa.Table:
    for name in names:
        table = table.append_column(name, pa.nulls(table.num_rows))
    return table


def _by_week(baskets: Mapping[int, int] | None) -> list[int] | None:
    return None if baskets is None else [baskets.get(week, 0) for week in range(1, NUM_WEEKS + 1)]
