"""Packing: tables, edges and what was learned, as the parts of an artifact."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.artifact.model import (
    Catalogue,
    Categories,
    CategoryPairs,
    CoPurchases,
    Histories,
    ItemModel,
    Promotions,
    ShopBundles,
)
from gnn.components.fitting import FittedModel
from gnn.data.purchases import Purchases
from gnn.scoring.text_column import TextColumn
from gnn.scoring.weights import ServedWeights
from graph.edges import EdgeTables

#: What stands for a promotion without a beginning or an end: 1970 and the year 9999, in seconds since 1970.
_ALWAYS_STARTED, _NEVER_ENDS = 0, 253_402_300_799


def pack_catalogue(tables: Tables, edges: EdgeTables, purchases: Purchases) -> Catalogue:
    """All items, in the order of `edges`; `purchases` has item indices as columns."""
    items = _in_order(tables.read("items"), "item_id", edges.nodes["Item"]["item_id"])
    return Catalogue(
        item_ids=_texts(items["item_id"]),
        titles=_texts(items["title"]),
        category=_index(items["category_id"], edges.nodes["Category"]["category_id"]),
        brand=_index(items["brand"], edges.nodes["Brand"]["brand_id"]),
        price=_numbers(items["price"]),
        cost=_numbers(items["cost"]),
        in_stock=np.asarray(items["in_stock"].fill_null(True).to_numpy(), dtype=np.bool_),
        baskets=purchases.item_baskets,
    )


def pack_categories(tables: Tables, edges: EdgeTables) -> Categories:
    """The category tree, in the order of `edges`."""
    ids = edges.nodes["Category"]["category_id"]
    categories = _in_order(tables.read("categories"), "category_id", ids)
    return Categories(
        category_ids=_texts(categories["category_id"]),
        names=_texts(categories["name"]),
        parent=_index(categories["parent_id"], ids),
        level=np.asarray(categories["level"].to_numpy(), dtype=np.int32),
    )


def pack_co_purchases(edges: EdgeTables) -> CoPurchases:
    """Counted item pairs in both directions, most baskets first."""
    indptr, item, baskets, lift = _pairs_both_ways(
        edges.edges["Item", "CO_PURCHASED", "Item"], edges.nodes["Item"].num_rows
    )
    return CoPurchases(indptr, item, baskets, lift)


def pack_category_pairs(edges: EdgeTables) -> CategoryPairs:
    """Counted pairs of level-0 categories in both directions, most baskets first."""
    indptr, category, baskets, lift = _pairs_both_ways(
        edges.edges["Category", "BOUGHT_WITH", "Category"], edges.nodes["Category"].num_rows
    )
    return CategoryPairs(indptr, category, baskets, lift)


def pack_histories(edges: EdgeTables, purchases: Purchases) -> Histories:
    """The events of each user; `purchases` has item indices as columns."""
    events = purchases.events
    return Histories(
        user_ids=_texts(edges.nodes["User"]["user_id"]),
        indptr=events.indptr,
        item=events.item,
        age_days=events.age_days.astype(np.float32),
    )


def pack_model(model: FittedModel, weights: ServedWeights) -> ItemModel:
    """Learned tables, and what was chosen to serve them by."""
    links, ease, purchases = model.links, model.ease.top(weights.ease_top_k), model.ranked_purchases
    return ItemModel(
        ranked=model.ranked.astype(np.int32),
        source=np.ascontiguousarray(links.source, dtype=np.float32),
        target=np.ascontiguousarray(links.target, dtype=np.float32),
        history=np.ascontiguousarray(links.history, dtype=np.float32),
        bias=np.ascontiguousarray(links.bias, dtype=np.float32),
        users=np.ascontiguousarray(links.users, dtype=np.float32),
        ease_indptr=ease.indptr.astype(np.int64),
        ease_item=ease.indices.astype(np.int32),
        ease_weight=ease.data.astype(np.float32),
        baskets_4_weeks=purchases.baskets_within(28),
        baskets_16_weeks=purchases.baskets_within(112),
        trees=weights.trees,
        companion_trees=weights.companion_trees,
    )


def pack_promotions(tables: Tables, edges: EdgeTables) -> Promotions:
    """The shop's promotions, in the order of `edges`."""
    ids = edges.nodes["Promotion"]["promotion_id"]
    promotions = _in_order(tables.read("promotions"), "promotion_id", ids)
    offers = edges.edges["Promotion", "OFFERS", "Item"]
    return Promotions(
        promotion_ids=_texts(ids),
        names=_texts(promotions["name"]),
        starts_at=_seconds(promotions["starts_at"], _ALWAYS_STARTED),
        ends_at=_seconds(promotions["ends_at"], _NEVER_ENDS),
        indptr=_indptr(offers, promotions.num_rows),
        item=np.asarray(offers["target_index"].to_numpy(), dtype=np.int32),
        discount=_numbers(offers["discount"]),
    )


def pack_bundles(tables: Tables, edges: EdgeTables) -> ShopBundles:
    """The shop's own bundles, in the order of `edges`."""
    ids = edges.nodes["Bundle"]["bundle_id"]
    bundles = _in_order(tables.read("bundles"), "bundle_id", ids)
    contains = edges.edges["Bundle", "CONTAINS", "Item"]
    return ShopBundles(
        bundle_ids=_texts(ids),
        titles=_texts(bundles["title"]),
        discount=_numbers(bundles["discount"].fill_null(0.0)),
        indptr=_indptr(contains, bundles.num_rows),
        item=np.asarray(contains["target_index"].to_numpy(), dtype=np.int32),
        quantity=_numbers(contains["quantity"].fill_null(1.0)),
    )


def _pairs_both_ways(
    pairs: pa.Table, num_nodes: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]]:
    low, high = (pairs[end].to_numpy() for end in ("source_index", "target_index"))
    source, target = np.concatenate([low, high]), np.concatenate([high, low])
    baskets = np.tile(pairs["baskets"].to_numpy(), 2).astype(np.int64)
    lift = np.tile(pairs["lift"].to_numpy(), 2).astype(np.float32)
    order = np.lexsort((target, -baskets, source))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=num_nodes))]).astype(np.int64)
    return indptr, target[order].astype(np.int32), baskets[order], lift[order]


def _in_order(rows: pa.Table, key: str, ids: pa.ChunkedArray) -> pa.Table:
    """`rows` in the order of `ids`.

    Raises:
        ValueError: If an id has no row: the graph is not of these tables.
    """
    place = pc.index_in(ids, value_set=rows[key])
    if place.null_count:
        raise ValueError(f"expected the graph of these tables, found an unknown {key}: run bundlegraph load")
    return rows.take(place)


def _indptr(edges: pa.Table, num_sources: int) -> NDArray[np.int64]:
    counts = np.bincount(edges["source_index"].to_numpy(), minlength=num_sources)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _texts(column: pa.ChunkedArray) -> TextColumn:
    return TextColumn.of(column.fill_null("").to_pylist())


def _index(keys: pa.ChunkedArray, nodes: pa.ChunkedArray) -> NDArray[np.int32]:
    return np.asarray(pc.index_in(keys, value_set=nodes).fill_null(-1).to_numpy(), dtype=np.int32)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).fill_null(float("nan")).to_numpy(), dtype=np.float64)


def _seconds(column: pa.ChunkedArray, missing: int) -> NDArray[np.int64]:
    micros = np.asarray(column.cast(pa.int64()).fill_null(missing * 1_000_000).to_numpy(), dtype=np.int64)
    return micros // 1_000_000
