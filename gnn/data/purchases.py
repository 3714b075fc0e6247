"""Purchases before a moment as sparse matrices: baskets, and histories of users."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from etl.tables import Tables
from graph.edges import EdgeTables

_SECONDS_A_DAY = 86_400.0
_MAX_MIN_ITEM_BASKETS = 30
_BASKETS_A_MIN_ITEM_BASKET = 3_000


@dataclass(frozen=True)
class UserEvents:
    """Events of users in the order of time; user u has the rows `indptr[u]:indptr[u + 1]`."""

    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """Column of `Purchases`, [num_events]."""
    age_days: NDArray[np.float64]
    """Days from the event to `Purchases.as_of`, oldest first within a user, [num_events]."""


@dataclass(frozen=True)
class Purchases:
    """Baskets and histories of the association event before a moment.

    Columns are item indices after `read_purchases`, ranked indices after `of_items`.
    """

    lines: csr_matrix
    """Events by basket and item, float32 [num_baskets, num_items]; baskets by first appearance."""
    basket_user: NDArray[np.int64]
    """User index of each basket, -1 for none, [num_baskets]."""
    basket_age: NDArray[np.float64]
    """Days from each basket to `as_of`, [num_baskets]."""
    counts: csr_matrix
    """Events by user and item, float32 [num_users, num_items]."""
    events: UserEvents
    """The events of `counts` one by one."""
    as_of: datetime
    """Time of the last event, UTC."""

    @property
    def item_baskets(self) -> NDArray[np.int64]:
        """Number of baskets that hold each item, [num_items]."""
        return np.bincount(self.lines.indices, minlength=self.lines.shape[1]).astype(np.int64)

    def baskets_within(self, days: float) -> NDArray[np.int64]:
        """Number of baskets of the last `days` before `as_of` that hold each item, [num_items]."""
        lines = self.lines[np.flatnonzero(self.basket_age < days)]
        return np.bincount(lines.indices, minlength=lines.shape[1]).astype(np.int64)

    def of_items(self, ranked: NDArray[np.int32]) -> Purchases:
        """The purchases of the items `ranked` only, as columns in that order; baskets may become empty."""
        return replace(
            self,
            lines=self.lines[:, ranked],
            counts=self.counts[:, ranked],
            events=_of_items(self.events, ranked, num_items=self.lines.shape[1]),
        )


def read_purchases(tables: Tables, edges: EdgeTables, *, until: datetime | None = None) -> Purchases:
    """Purchases before `until` (all where it is none), with the user and item indices of `edges`.

    A shop without purchases is read by its association event: the strongest event that it has.
    """
    columns = ["event", "timestamp", "user_id", "item_id", "basket_id"]
    events = tables.read("interactions", columns)
    is_counted = pc.equal(events["event"], tables.manifest.association_event)
    if until is not None:
        is_counted = pc.and_(
            is_counted, pc.less(events["timestamp"], pa.scalar(until, events["timestamp"].type))
        )
    events = events.filter(is_counted)

    seconds = events["timestamp"].cast(pa.int64()).to_numpy() / 1e6
    last = float(seconds.max()) if len(seconds) else 0.0
    age = (last - seconds) / _SECONDS_A_DAY
    user = node_index(events["user_id"], edges.nodes["User"]["user_id"])
    item = node_index(events["item_id"], edges.nodes["Item"]["item_id"])
    basket, num_baskets = _codes(events["basket_id"])
    num_users, num_items = edges.nodes["User"].num_rows, edges.nodes["Item"].num_rows

    in_basket, has_user = basket >= 0, user >= 0
    basket_user = np.full(num_baskets, -1, dtype=np.int64)
    np.maximum.at(basket_user, basket[in_basket], user[in_basket])
    basket_age = np.zeros(num_baskets)
    np.maximum.at(basket_age, basket[in_basket], age[in_basket])
    ones = np.ones(len(item), dtype=np.float32)
    shape = (num_users, num_items)
    return Purchases(
        lines=_sum(ones, basket, item, kept=in_basket, shape=(num_baskets, num_items)),
        basket_user=basket_user,
        basket_age=basket_age,
        counts=_sum(ones, user, item, kept=has_user, shape=shape),
        events=_user_events(user, item, age, num_users=num_users),
        as_of=datetime.fromtimestamp(last, UTC),
    )


def choose_ranked(purchases: Purchases, *, min_item_baskets: int | None) -> NDArray[np.int32]:
    """Indices of the items that are in at least `min_item_baskets` baskets, ascending.

    Where it is none, the number follows from the size of the data: one for every 3,000 baskets, from 1 to 30.
    """
    if min_item_baskets is None:
        by_size = purchases.lines.shape[0] // _BASKETS_A_MIN_ITEM_BASKET
        min_item_baskets = min(max(by_size, 1), _MAX_MIN_ITEM_BASKETS)
    return np.flatnonzero(purchases.item_baskets >= min_item_baskets).astype(np.int32)


def log_popularity(purchases: Purchases) -> NDArray[np.float32]:
    """log((c(i) + 1) / Σ_j (c(j) + 1)) of each item, c(i) the baskets that hold i, [num_items]."""
    smoothed = purchases.item_baskets + 1.0
    return np.asarray(np.log(smoothed / max(smoothed.sum(), 1.0)), dtype=np.float32)


def node_index(keys: pa.ChunkedArray, nodes: pa.ChunkedArray) -> NDArray[np.int64]:
    """Position of each key among the `nodes`, -1 where it is null or not among them, [len(keys)]."""
    index = pc.index_in(keys, value_set=nodes.combine_chunks() if nodes.num_chunks else nodes)
    return np.asarray(index.fill_null(-1).to_numpy(), dtype=np.int64)


def _user_events(
    user: NDArray[np.int64], item: NDArray[np.int64], age: NDArray[np.float64], *, num_users: int
) -> UserEvents:
    has_user = np.flatnonzero(user >= 0)
    # Ties in time are broken by item, so that the order does not depend on the order of the tables.
    order = has_user[np.lexsort((item[has_user], -age[has_user], user[has_user]))]
    counts = np.bincount(user[order], minlength=num_users)
    return UserEvents(
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        item=item[order].astype(np.int32),
        age_days=age[order],
    )


def _of_items(events: UserEvents, ranked: NDArray[np.int32], *, num_items: int) -> UserEvents:
    new_index = np.full(num_items, -1, dtype=np.int32)
    new_index[ranked] = np.arange(len(ranked), dtype=np.int32)
    item = new_index[events.item]
    kept = np.concatenate([[0], np.cumsum(item >= 0)])
    return UserEvents(kept[events.indptr].astype(np.int64), item[item >= 0], events.age_days[item >= 0])


def _codes(keys: pa.ChunkedArray) -> tuple[NDArray[np.int64], int]:
    """The number of each key by first appearance, -1 for null, and how many distinct keys there are."""
    encoded = keys.combine_chunks().dictionary_encode()
    codes = np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    return codes, len(encoded.dictionary)


def _sum(
    values: NDArray[np.float32],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    *,
    kept: NDArray[np.bool_],
    shape: tuple[int, int],
) -> csr_matrix:
    """Sum `values` by row and column, columns of a row ascending."""
    matrix = csr_matrix((values[kept], (rows[kept], columns[kept])), shape=shape, dtype=np.float32)
    matrix.sum_duplicates()
    return matrix


MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class PurchaseLog:
    """The association events of users, sorted by user and time."""

    indptr: NDArray[np.int64]
    """Events of user u are `indptr[u]:indptr[u + 1]`, [num_users + 1]."""
    item: NDArray[np.int32]
    """Ranked index, [num_events]."""
    at: NDArray[np.int64]
    """Microseconds since 1970, ascending within a user, [num_events]."""
    num_ranked: int

    def before(self, users: NDArray[np.int64], *, until: NDArray[np.datetime64]) -> UserEvents:
        """The history of each user (−1 for an anonymous one) before each moment `until`, both [num_queries].

        `until` is in UTC; an event at that moment is not in the history. A user may occur with several
        moments. The result has a row for each query, and ages count to the query's moment.

        Raises:
            ValueError: If the two differ in length.
        """
        if len(users) != len(until):
            raise ValueError(f"expected a moment for each of {len(users)} users, found {len(until)}")
        moments = until.astype("datetime64[us]").astype(np.int64)
        start = np.zeros(len(users), dtype=np.int64)
        lengths = np.zeros(len(users), dtype=np.int64)
        for query in np.flatnonzero(users >= 0):
            first, last = self.indptr[users[query] : users[query] + 2]
            start[query] = first
            lengths[query] = np.searchsorted(self.at[first:last], moments[query], side="left")
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        event = np.arange(indptr[-1]) + np.repeat(start - indptr[:-1], lengths)
        age_days = (np.repeat(moments, lengths) - self.at[event]) / MICROSECONDS_A_DAY
        return UserEvents(indptr, self.item[event], age_days)


def read_purchase_log(tables: Tables, edges: EdgeTables, ranked: NDArray[np.int32]) -> PurchaseLog:
    """All association events of users with the `ranked` items (item indices), before and after any split.

    Events of one moment are in the order of their items.
    """
    events = tables.read("interactions", ["event", "timestamp", "user_id", "item_id"])
    events = events.filter(pc.equal(events["event"], tables.manifest.association_event))
    item = node_index(events["item_id"], edges.nodes["Item"]["item_id"].take(pa.array(ranked)))
    user = node_index(events["user_id"], edges.nodes["User"]["user_id"])
    at = events["timestamp"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()

    is_kept = (item >= 0) & (user >= 0)
    item, user, at = item[is_kept], user[is_kept], at[is_kept]
    order = np.lexsort((item, at, user))
    counts = np.bincount(user, minlength=edges.nodes["User"].num_rows)
    return PurchaseLog(
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        item=item[order].astype(np.int32),
        at=at[order].astype(np.int64),
        num_ranked=len(ranked),
    )
