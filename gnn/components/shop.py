"""Components that are the shop's own data: catalogue, counted pairs, histories, promotions, bundles."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gnn.components.context import FitContext
from gnn.scoring.catalogue import (
    Catalogue,
    Categories,
    CategoryPairs,
    CoPurchases,
    Promotions,
    ShopBundles,
)
from gnn.scoring.containers import Csr, TextColumn
from gnn.scoring.item_model import Histories
from gnn.scoring.seasons import NUM_WEEKS, Seasons

#: Promotions without a beginning or an end: 1970 and the year 9999, in seconds since 1970.
_ALWAYS_STARTED, _NEVER_ENDS = 0, 253_402_300_799


def fit_catalogue(context: FitContext) -> Catalogue:
    """All items, in the order of the graph."""
    data = context.data
    items = _in_order(data.tables.read("items"), "item_id", data.edges.nodes["Item"]["item_id"])
    return Catalogue(
        item_ids=_texts(items["item_id"]),
        titles=_texts(items["title"]),
        category=_index(items["category_id"], data.edges.nodes["Category"]["category_id"]),
        brand=_index(items["brand"], data.edges.nodes["Brand"]["brand_id"]),
        price=_numbers(items["price"]),
        cost=_numbers(items["cost"]),
        in_stock=np.asarray(items["in_stock"].fill_null(True).to_numpy(), dtype=np.bool_),
        baskets=data.purchases.item_baskets,
    )


def fit_categories(context: FitContext) -> Categories:
    """The category tree, in the order of the graph."""
    ids = context.data.edges.nodes["Category"]["category_id"]
    categories = _in_order(context.data.tables.read("categories"), "category_id", ids)
    return Categories(
        category_ids=_texts(categories["category_id"]),
        names=_texts(categories["name"]),
        parent=_index(categories["parent_id"], ids),
        level=np.asarray(categories["level"].to_numpy(), dtype=np.int32),
    )


def fit_co_purchases(context: FitContext) -> CoPurchases:
    """Counted item pairs in both directions, most baskets first."""
    edges = context.data.edges
    return CoPurchases(*_both_ways(edges.edges["Item", "CO_PURCHASED", "Item"], edges.nodes["Item"].num_rows))


def fit_category_pairs(context: FitContext) -> CategoryPairs:
    """Counted pairs of level-0 categories in both directions, most baskets first."""
    edges = context.data.edges
    return CategoryPairs(
        *_both_ways(edges.edges["Category", "BOUGHT_WITH", "Category"], edges.nodes["Category"].num_rows)
    )


def fit_histories(context: FitContext) -> Histories:
    """The events of each user."""
    events = context.data.purchases.events
    return Histories(
        user_ids=_texts(context.data.edges.nodes["User"]["user_id"]),
        indptr=events.indptr,
        item=events.item,
        age_days=events.age_days.astype(np.float32),
    )


def fit_promotions(context: FitContext) -> Promotions:
    """The shop's promotions, in the order of the graph."""
    edges = context.data.edges
    ids = edges.nodes["Promotion"]["promotion_id"]
    promotions = _in_order(context.data.tables.read("promotions"), "promotion_id", ids)
    offers = edges.edges["Promotion", "OFFERS", "Item"]
    return Promotions(
        promotion_ids=_texts(ids),
        names=_texts(promotions["name"]),
        starts_at=_seconds(promotions["starts_at"], _ALWAYS_STARTED),
        ends_at=_seconds(promotions["ends_at"], _NEVER_ENDS),
        discount=_rows(offers, _numbers(offers["discount"]), promotions.num_rows),
    )


def fit_bundles(context: FitContext) -> ShopBundles:
    """The shop's own bundles, in the order of the graph."""
    edges = context.data.edges
    ids = edges.nodes["Bundle"]["bundle_id"]
    bundles = _in_order(context.data.tables.read("bundles"), "bundle_id", ids)
    contains = edges.edges["Bundle", "CONTAINS", "Item"]
    return ShopBundles(
        bundle_ids=_texts(ids),
        titles=_texts(bundles["title"]),
        discount=_numbers(bundles["discount"].fill_null(0.0)),
        quantity=_rows(contains, _numbers(contains["quantity"].fill_null(1.0)), bundles.num_rows),
    )


def _both_ways(pairs: pa.Table, num_nodes: int) -> tuple[Csr, NDArray[np.int64]]:
    """Lifts and baskets of each pair in both directions."""
    low, high = (pairs[end].to_numpy() for end in ("source_index", "target_index"))
    source, target = np.concatenate([low, high]), np.concatenate([high, low])
    baskets = np.tile(pairs["baskets"].to_numpy(), 2).astype(np.int64)
    lift = np.tile(pairs["lift"].to_numpy(), 2).astype(np.float32)
    order = np.lexsort((target, -baskets, source))
    return Csr.from_entries(source[order], target[order], lift[order], num_rows=num_nodes), baskets[order]


def _rows(edges: pa.Table, values: NDArray[np.float64], num_sources: int) -> Csr:
    """A row a source; `edges` are in the order of their sources."""
    source, target = (edges[end].to_numpy() for end in ("source_index", "target_index"))
    return Csr.from_entries(source, target, values, num_rows=num_sources)


def _in_order(rows: pa.Table, key: str, ids: pa.ChunkedArray) -> pa.Table:
    """`rows` in the order of `ids`.

    Raises:
        ValueError: If an id has no row: the graph is not of these tables.
    """
    place = pc.index_in(ids, value_set=rows[key])
    if place.null_count:
        raise ValueError(f"expected the graph of these tables, found an unknown {key}: run bundlegraph load")
    return rows.take(place)


def _texts(column: pa.ChunkedArray) -> TextColumn:
    return TextColumn.of(column.fill_null("").to_pylist())


def _index(keys: pa.ChunkedArray, nodes: pa.ChunkedArray) -> NDArray[np.int32]:
    return np.asarray(pc.index_in(keys, value_set=nodes).fill_null(-1).to_numpy(), dtype=np.int32)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).fill_null(float("nan")).to_numpy(), dtype=np.float64)


def _seconds(column: pa.ChunkedArray, missing: int) -> NDArray[np.int64]:
    micros = np.asarray(column.cast(pa.int64()).fill_null(missing * 1_000_000).to_numpy(), dtype=np.int64)
    return micros // 1_000_000


#: Items in fewer baskets are left out: of ten baskets all in three weeks, the lift is not yet 3.
MIN_BASKETS = 10


def fit_seasons(context: FitContext) -> Seasons:
    """Baskets by week of the items that are in enough of them."""
    ages = context.data.purchases.basket_age
    by_week = context.data.edges.nodes["Item"]["baskets_by_week"].combine_chunks()
    item = np.flatnonzero(pc.is_valid(by_week).to_numpy(zero_copy_only=False))
    weeks = np.asarray(by_week.drop_null().flatten().to_numpy(), dtype=np.int64).reshape(len(item), NUM_WEEKS)
    is_kept = weeks.sum(axis=1) >= MIN_BASKETS
    return Seasons(
        item=item[is_kept].astype(np.int32),
        baskets=weeks[is_kept].astype(np.int32),
        all_baskets=weeks.sum(axis=0),
        num_days=int(ages.max()) + 1 if len(ages) else 0,
    )
