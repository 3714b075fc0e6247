"""Rolling histories: what each query's user had bought at a moment of its own (protocol B, rolling)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.data.purchases import UserEvents
from graph.edges import EdgeTables

_MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class PurchaseLog:
    """The association events of users, in the order of user and time: histories at any moment."""

    indptr: NDArray[np.int64]
    """Events of user u are `indptr[u]:indptr[u + 1]`, [num_users + 1]."""
    item: NDArray[np.int32]
    """Ranked index, [num_events]."""
    at: NDArray[np.int64]
    """Microseconds since 1970, ascending within a user, [num_events]."""
    num_ranked: int

    def before(self, users: NDArray[np.int64], *, until: NDArray[np.datetime64]) -> UserEvents:
        """What `users` (indices, −1 for nobody) had bought before `until` (UTC), both [num_queries].

        A query takes the place of a user in what is returned, and ages count to its moment. An event at the
        very moment is not before it; a user may be asked for at several moments.

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
        age_days = (np.repeat(moments, lengths) - self.at[event]) / _MICROSECONDS_A_DAY
        return UserEvents(indptr, self.item[event], age_days)


def read_purchase_log(tables: Tables, edges: EdgeTables, ranked: NDArray[np.int32]) -> PurchaseLog:
    """All association events of users with the items `ranked` (item indices), whenever they were.

    Events of one moment in the order of their items.
    """
    events = tables.read("interactions", ["event", "timestamp", "user_id", "item_id"])
    events = events.filter(pc.equal(events["event"], tables.manifest.association_event))
    item_ids = edges.nodes["Item"]["item_id"].take(pa.array(ranked)).combine_chunks()
    item = pc.index_in(events["item_id"], value_set=item_ids).fill_null(-1).to_numpy()
    user_ids = edges.nodes["User"]["user_id"].combine_chunks()
    user = pc.index_in(events["user_id"], value_set=user_ids).fill_null(-1).to_numpy()
    at = events["timestamp"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()

    is_kept = (item >= 0) & (user >= 0)
    item, user, at = item[is_kept], user[is_kept], at[is_kept]
    order = np.lexsort((item, at, user))
    counts = np.bincount(user, minlength=len(user_ids))
    return PurchaseLog(
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        item=item[order].astype(np.int32),
        at=at[order].astype(np.int64),
        num_ranked=len(ranked),
    )
