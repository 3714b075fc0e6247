"""Protocol F's items, tables and queries: a tenth of the catalogue without any purchase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.data.queries import CompletionQueries, completion_queries, natural_order
from graph.edges import EdgeTables

COLD_SHARE = 0.1
MAX_QUERIES = 4_000
MIN_BASKET_ITEMS = 4


def draw_cold(edges: EdgeTables, catalogue: NDArray[np.int32]) -> NDArray[np.int32]:
    """A tenth of `catalogue` (item indices), drawn by seed 0 from its ids in natural order; ascending."""
    ids = edges.nodes["Item"]["item_id"].take(pa.array(catalogue)).to_pylist()
    natural = catalogue[natural_order(ids)]
    num_cold = int(COLD_SHARE * len(catalogue))
    return np.sort(np.random.default_rng(0).choice(natural, num_cold, replace=False))


def without_lines(tables: Tables, item_ids: pa.Array, *, folder: Path) -> Tables:
    """`tables` as if nobody had bought `item_ids`; these stay in `items`, without prices that lines gave.

    Counted tables (`co_purchases`, `category_pairs`) stay as they are: read the graph up to a moment, which
    counts anew.
    """
    folder.mkdir(parents=True)
    lines, items = tables.read("interactions"), tables.read("items")
    lines = lines.filter(pc.invert(pc.is_in(lines["item_id"], value_set=item_ids)))
    is_known = pc.or_(items["price_given"], pc.invert(pc.is_in(items["item_id"], value_set=item_ids)))
    price = pc.if_else(is_known, items["price"], pa.scalar(None, pa.float64()))
    items = items.set_column(items.column_names.index("price"), "price", price)
    files = dict(tables.manifest.tables)
    changed: Mapping[str, pa.Table] = {"interactions": lines, "items": items}
    for name, entry in tables.manifest.tables.items():
        if name in changed:
            files[name] = replace(entry, file=f"{name}.parquet", rows=changed[name].num_rows)
            pq.write_table(changed[name], folder / f"{name}.parquet")
        else:
            (folder / entry.file).symlink_to(tables.path(name).resolve())
    return Tables(folder, replace(tables.manifest, tables=files))


def hide_one(
    tables: Tables,
    edges: EdgeTables,
    catalogue: NDArray[np.int32],
    cold: NDArray[np.int32],
    *,
    since: datetime,
    hides_cold: bool,
) -> CompletionQueries:
    """Test baskets of four catalogue items or more, a cold or a known one hidden, the cart without cold ones.

    At most 4,000 baskets, then one hidden item each, from `default_rng(0)`. Items are ranked indices of
    `catalogue`.
    """
    rng = np.random.default_rng(0)
    every = completion_queries(
        tables,
        edges,
        catalogue,
        since=since,
        until=None,
        min_basket_items=MIN_BASKET_ITEMS,
        max_queries=tables.manifest.num_baskets,
        rng=rng,
    )
    is_cold = np.isin(catalogue, cold)
    hidden = (np.ones(len(every), dtype=np.float32), (np.arange(len(every)), every.hidden))
    baskets = csr_matrix(every.carts + csr_matrix(hidden, shape=every.carts.shape))
    num_cold = baskets @ is_cold.astype(np.float32)
    num_known = baskets @ (~is_cold).astype(np.float32)
    found = np.flatnonzero((num_cold >= 1) & (num_known >= 1) if hides_cold else num_known >= 2)
    chosen = np.sort(rng.choice(found, min(MAX_QUERIES, len(found)), replace=False))
    carts, items = [], []
    for basket in chosen:
        held = np.sort(baskets.indices[baskets.indptr[basket] : baskets.indptr[basket + 1]])
        item = int(rng.choice(held[is_cold[held] == hides_cold]))
        carts.append(held[~is_cold[held] & (held != item)])
        items.append(item)
    indptr = np.concatenate([[0], np.cumsum([len(cart) for cart in carts])])
    ones = np.ones(int(indptr[-1]), dtype=np.float32)
    return CompletionQueries(
        carts=csr_matrix((ones, np.concatenate(carts), indptr), shape=(len(chosen), len(catalogue))),
        users=every.users[chosen],
        hidden=np.array(items, dtype=np.int64),
        basket_ids=tuple(every.basket_ids[basket] for basket in chosen),
    )
