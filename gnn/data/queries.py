"""Queries that a model is judged by: a basket with one item hidden, to be found among all ranked items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from etl.baskets import read_baskets
from etl.tables import Tables
from etl.times import local_midnight
from graph.edges import EdgeTables


@dataclass(frozen=True)
class CompletionQueries:
    """Baskets to complete. Items are ranked indices."""

    carts: csr_matrix
    """1 for what is left of each basket, float32 [num_queries, num_ranked]."""
    users: NDArray[np.int64]
    """User index, -1 for an anonymous basket, [num_queries]."""
    hidden: NDArray[np.int64]
    """The item to be found, [num_queries]."""
    basket_ids: tuple[str, ...]
    history_until: NDArray[np.datetime64] | None = None
    """Instant (UTC) at which the basket's local day begins and a rolling history ends, [num_queries]."""

    def __len__(self) -> int:
        return len(self.hidden)

    def __getitem__(self, part: slice) -> CompletionQueries:
        return CompletionQueries(
            self.carts[part],
            self.users[part],
            self.hidden[part],
            self.basket_ids[part],
            None if self.history_until is None else self.history_until[part],
        )


def completion_queries(
    tables: Tables,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    *,
    since: datetime,
    until: datetime | None,
    min_basket_items: int,
    max_queries: int,
    rng: np.random.Generator,
) -> CompletionQueries:
    """One query a basket that begins in [since, until) and has `min_basket_items` ranked items or more.

    Baskets in the natural order of their ids; at most `max_queries` of them by `rng.choice` without
    replacement; then one hidden position each from the same generator, a basket's items in natural order.
    This is protocol B where `rng` is `default_rng(0)`.
    """
    baskets = read_baskets(tables, since=since, until=until)
    item_ids = edges.nodes["Item"]["item_id"].take(pa.array(ranked)).to_pylist()
    ranked_of = pa.array(item_ids, pa.string())
    item = pc.index_in(baskets["item_id"], value_set=ranked_of)
    baskets = baskets.filter(pc.is_valid(item))
    items = np.asarray(item.drop_null().to_numpy(), dtype=np.int64)

    encoded = baskets["basket_id"].combine_chunks().dictionary_encode()
    basket_ids = encoded.dictionary.to_pylist()
    codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    rows = csr_matrix(
        (np.ones(len(items), dtype=np.float32), (codes, items)), shape=(len(basket_ids), len(ranked))
    )
    user = np.full(len(basket_ids), -1, dtype=np.int64)
    users = pc.index_in(baskets["user_id"], value_set=edges.nodes["User"]["user_id"].combine_chunks())
    np.maximum.at(user, codes, np.asarray(users.fill_null(-1).to_numpy(), dtype=np.int64))

    order = np.array(natural_order(basket_ids), dtype=np.int64)
    order = order[np.diff(rows.indptr)[order] >= min_basket_items]
    chosen = (
        order[rng.choice(len(order), min(max_queries, len(order)), replace=False)] if len(order) else order
    )
    place = np.empty(len(ranked), dtype=np.int64)
    place[natural_order(item_ids)] = np.arange(len(ranked))
    hidden = np.empty(len(chosen), dtype=np.int64)
    for query, basket in enumerate(chosen):
        held = rows.indices[rows.indptr[basket] : rows.indptr[basket + 1]]
        held = held[np.argsort(place[held])]
        hidden[query] = held[int(rng.integers(len(held)))]
    carts = rows[chosen]
    carts[np.arange(len(chosen)), hidden] = 0
    carts.eliminate_zeros()
    days = np.zeros(len(basket_ids), dtype="datetime64[D]")
    days[codes] = baskets["local_date"].to_numpy()
    return CompletionQueries(
        carts,
        user[chosen],
        hidden,
        tuple(basket_ids[basket] for basket in chosen),
        day_begins(days[chosen], tables.manifest.timezone),
    )


def day_begins(days: NDArray[np.datetime64], timezone: str) -> NDArray[np.datetime64]:
    """The instants (UTC, microseconds) at which local `days` begin in `timezone`, [len(days)]."""
    distinct, position = np.unique(days, return_inverse=True)
    instants = [local_midnight(day, timezone).replace(tzinfo=None) for day in distinct.tolist()]
    return np.array(instants, dtype="datetime64[us]")[position]


def natural_order(ids: Sequence[str]) -> list[int]:
    """Positions of `ids` in ascending order: as integers where all are, else by length and code point."""
    if all(text.isascii() and text.isdecimal() for text in ids):
        return sorted(range(len(ids)), key=lambda position: int(ids[position]))
    return sorted(range(len(ids)), key=lambda position: (len(ids[position]), ids[position]))
