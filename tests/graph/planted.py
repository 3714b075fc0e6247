"""A planted shop as canonical tables, small enough to check by eye."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.tables import MANIFEST, SCHEMAS, Manifest, TableFile, Tables, open_tables

NOON = datetime(2024, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

Rows = dict[str, list[dict[str, object]]]


def event(user: str | None, item: str, kind: str, day: int) -> dict[str, object]:
    """One event, `day` days after noon of the first day."""
    at = NOON + timedelta(days=day)
    return {
        "event_key": f"{user}/{item}/{kind}/{day}",
        "user_id": user,
        "item_id": item,
        "event": kind,
        "timestamp": at,
        "local_date": date(at.year, at.month, at.day),
        "basket_id": f"{user}/{day}" if kind == "purchase" else None,
        "quantity": 1.0,
        "unit_price": 2.0,
    }


def association(source: str, target: str, baskets: int, lift: float) -> dict[str, object]:
    """A counted pair."""
    return {
        "baskets": baskets,
        "support": 0.5,
        "confidence_forward": 0.75,
        "confidence_backward": 0.25,
        "lift": lift,
        "npmi": lift / 10,
        **dict(zip(("from", "to"), (source, target), strict=True)),
    }


def item_pair(source: str, target: str, baskets: int, lift: float) -> dict[str, object]:
    pair = association(source, target, baskets, lift)
    return {**pair, "from_item_id": pair.pop("from"), "to_item_id": pair.pop("to")}


def category_pair(source: str, target: str, baskets: int, lift: float) -> dict[str, object]:
    pair = association(source, target, baskets, lift)
    return {**pair, "from_category_id": pair.pop("from"), "to_category_id": pair.pop("to")}


def shop() -> Rows:
    """A small shop with awkward ids and values."""
    return {
        "users": [{"user_id": "ann"}, {"user_id": "never"}],
        "interactions": [
            event("ann", "0012", "purchase", 0),
            event("ann", "0012", "purchase", 2),
            event("ann", "a/b", "view", 1),
            event("ann", "a/b", "purchase", 2),
            event("bob", "0012", "purchase", 1),
            event("bob", "ä'ö\"", "cart", 1),
            event("bob", "ä'ö\"", "favourite", -30_000),
            event(None, "a/b", "purchase", 3),
        ],
        "items": [
            _item(
                "0012",
                title='Milk "whole", 1 l',
                category="Food > Dairy",
                brand="Dairy Co",
                price=1.0,
                cost=0.75,
            ),
            _item("a/b", title="Bread; sliced\n500 g", category="Food > Bakery", price=2.0),
            _item(
                "ä'ö\"", title="Käse — 奶酪", category="Food > Dairy", brand="Ö'Brand", price=0.0, cost=1.0
            ),
            _item("cold", title=None, category="Home", brand="Ö'Brand", in_stock=False),
            _item("unlisted", title=None, listed=False, in_stock=None),
        ],
        "categories": [
            {"category_id": "Food", "name": "Food", "level": 0, "parent_id": None},
            {"category_id": "Food > Bakery", "name": "Bakery", "level": 1, "parent_id": "Food"},
            {"category_id": "Food > Dairy", "name": "Dairy", "level": 1, "parent_id": "Food"},
            {"category_id": "Home", "name": "Home", "level": 0, "parent_id": None},
        ],
        "co_purchases": [
            item_pair("0012", "a/b", 2**53 + 1, 6.1),
            item_pair("0012", "cold", 7, 1 / 3),
            item_pair("a/b", "ä'ö\"", 7, 9.5),
        ],
        "category_pairs": [category_pair("Food", "Home", 30, 1.25)],
        "item_links": [
            {"item_id": "0012", "related_item_id": "a/b", "kind": "accessory"},
            {"item_id": "0012", "related_item_id": "a/b", "kind": None},
            {"item_id": "a/b", "related_item_id": "0012", "kind": "accessory"},
        ],
        "bundles": [{"bundle_id": "b-1", "title": "Breakfast", "discount": 0.1}],
        "bundle_items": [
            {"bundle_id": "b-1", "item_id": "0012", "quantity": 2.0},
            {"bundle_id": "b-1", "item_id": "a/b", "quantity": 1.0},
        ],
        "bundle_interactions": [
            {"event_key": "1", "user_id": "eve", "bundle_id": "b-1", "timestamp": NOON, "event": "purchase"}
        ],
        "promotions": [
            {"promotion_id": "p", "name": "Spring", "starts_at": NOON, "ends_at": NOON + timedelta(days=7)}
        ],
        "promotion_items": [{"promotion_id": "p", "item_id": "cold", "discount": None}],
    }


def _item(
    item_id: str, *, title: str | None, category: str | None = None, **values: object
) -> dict[str, object]:
    return {
        "item_id": item_id,
        "title": title,
        "category_id": category,
        "in_stock": True,
        "listed": True,
        **values,
    }


def write_shop(folder: Path, rows: Rows) -> Tables:
    """Write canonical tables of `rows`; missing tables are empty."""
    folder.mkdir()
    files = {}
    for name, schema in SCHEMAS.items():
        file = folder / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(rows.get(name, []), schema=schema), file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        files[name] = TableFile(file.name, len(rows.get(name, [])), digest)
    manifest = Manifest(
        tables_version=hashlib.sha256("".join(of.sha256 for of in files.values()).encode()).hexdigest(),
        source="planted",
        ingested_at="2024-03-02T00:00:00Z",
        timezone="UTC",
        currency="EUR",
        association_event="purchase",
        num_baskets=4,
        min_baskets=1,
        basket_window="day",
        key_fingerprint="none",
        first_at=None,
        last_at=None,
        tables=files,
    )
    (folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return open_tables(folder)
