"""Evaluation queries: a basket with one hidden item, or a user's history and the next new item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from etl.baskets import read_baskets
from etl.tables import Tables
from etl.times import local_midnight
from gnn.data.purchases import MICROSECONDS_A_DAY, PurchaseLog
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.sequences import Sequences
from graph.edges import EdgeTables


@dataclass(frozen=True)
class CompletionQueries:
    """Baskets with one hidden item each. Items are ranked indices."""

    carts: csr_matrix
    """1 for each remaining item of the basket, float32 [num_queries, num_ranked]."""
    users: NDArray[np.int64]
    """User index, -1 for an anonymous basket, [num_queries]."""
    hidden: NDArray[np.int64]
    """The hidden item, the only relevant one, [num_queries]."""
    basket_ids: tuple[str, ...]
    history_until: NDArray[np.datetime64] | None = None
    """End of a rolling history (UTC): the beginning of the basket's local day, [num_queries]."""

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


@dataclass(frozen=True, kw_only=True)
class NextItemQueries(CompletionQueries):
    """Histories whose next item is hidden. `carts` holds the items of each history: they are not ranked."""

    histories: Sequences
    """One history per query; ages count to the hidden purchase."""

    def __getitem__(self, part: slice) -> NextItemQueries:
        return NextItemQueries(
            self.carts[part],
            self.users[part],
            self.hidden[part],
            self.basket_ids[part],
            histories=self.histories[part],
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
    """One query for each basket that begins in [since, until) with `min_basket_items` ranked items or more.

    The draw is reproducible (protocol B has `default_rng(0)`): baskets in the natural order of their ids; at
    most `max_queries` of them by `rng.choice` without replacement; then one hidden position each from the
    same generator, a basket's items in natural order.
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


def next_item_queries(
    log: PurchaseLog, *, since: datetime, until: datetime | None, history_until: datetime | None = None
) -> NextItemQueries:
    """One query a user: the first purchase in [`since`, `until`) of an item that is new to the user.

    The history holds the purchases before that one (rolling), or those before `history_until` too (strict).
    Purchases of the same moment do not belong to it. Users without a history or such a purchase have no
    query. With one event per moment this is leave-one-out (protocol E).
    """
    first_at, last_at, kept_until = (_microseconds(moment) for moment in (since, until, history_until))
    users, hidden, parts, ages = [], [], [], []
    for user in np.flatnonzero(np.diff(log.indptr)):
        item, at = (column[log.indptr[user] : log.indptr[user + 1]] for column in (log.item, log.at))
        for place in np.flatnonzero((at >= first_at) & (at < last_at)):
            end = int(np.searchsorted(at, min(at[place], kept_until), side="left"))
            if end and item[place] not in item[:end]:
                users.append(user)
                hidden.append(item[place])
                parts.append(item[:end])
                ages.append((at[place] - at[:end]) / MICROSECONDS_A_DAY)
                break
    lengths = np.array([len(part) for part in parts], dtype=np.int64)
    histories = Sequences(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        item=np.concatenate([np.zeros(0), *parts]).astype(np.int32),
        age_days=np.concatenate([np.zeros(0), *ages]).astype(np.float32),
    )
    return NextItemQueries(
        carts=item_sets(histories, num_ranked=log.num_ranked),
        users=np.array(users, dtype=np.int64),
        hidden=np.array(hidden, dtype=np.int64),
        basket_ids=("",) * len(users),
        histories=histories,
    )


def item_sets(histories: Sequences, *, num_ranked: int) -> csr_matrix:
    """1 for each item of a history, float32 [len(histories), num_ranked]."""
    ones = np.ones(len(histories.item), dtype=np.float32)
    # Not the histories' own arrays as a CSR matrix: SciPy would sort them in place, and their order matters.
    held = csr_matrix((ones, (histories.query, histories.item)), shape=(len(histories), num_ranked))
    return csr_matrix(held.sign())


def day_begins(days: NDArray[np.datetime64], timezone: str) -> NDArray[np.datetime64]:
    """The instants (UTC, in microseconds) at which the local `days` begin in `timezone`, [len(days)]."""
    distinct, position = np.unique(days, return_inverse=True)
    instants = [local_midnight(day, timezone).replace(tzinfo=None) for day in distinct.tolist()]
    return np.array(instants, dtype="datetime64[us]")[position]


def natural_order(ids: Sequence[str]) -> list[int]:
    """Positions of `ids` in ascending order: as integers where all are integers, else by length and text."""
    if all(text.isascii() and text.isdecimal() for text in ids):
        return sorted(range(len(ids)), key=lambda position: int(ids[position]))
    return sorted(range(len(ids)), key=lambda position: (len(ids[position]), ids[position]))


def _microseconds(moment: datetime | None) -> int:
    """Microseconds since 1970; the largest int64 for none."""
    if moment is None:
        return int(np.iinfo(np.int64).max)
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)


def as_next_item(queries: CompletionQueries) -> NextItemQueries:
    """`queries` with their ordered histories.

    Raises:
        TypeError: If they are of baskets.
    """
    if not isinstance(queries, NextItemQueries):
        raise TypeError(f"expected queries of ordered histories, found {type(queries).__name__}")
    return queries


def item_queries(queries: CompletionQueries, ranked: NDArray[np.int32]) -> list[ItemQuery]:
    """`queries` by item index; `ranked` is the item index of each ranked index.

    A query for the next item has its history as events; any other has its cart and its user.
    """
    if not len(queries):
        return []
    if isinstance(queries, NextItemQueries):
        histories = queries.histories
        bounds = histories.indptr[1:-1]
        items = np.split(ranked[histories.item], bounds)
        return [
            ItemQuery(events=events)
            for events in zip(items, np.split(histories.age_days, bounds), strict=True)
        ]
    carts = np.split(ranked[queries.carts.indices], queries.carts.indptr[1:-1])
    return [
        ItemQuery(cart=cart.tolist(), user_index=int(user) if user >= 0 else None)
        for cart, user in zip(carts, queries.users, strict=True)
    ]
