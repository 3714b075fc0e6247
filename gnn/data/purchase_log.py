"""The purchase log of users, from which the history at any moment is cut (rolling histories)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.data.purchases import UserEvents, node_index
from graph.edges import EdgeTables

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
