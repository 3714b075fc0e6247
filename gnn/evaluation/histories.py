"""Rolling histories: what each query's user had bought at a moment of its own (protocol B, rolling)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from etl.tables import Tables
from gnn.history import DECAY_DAYS
from graph.edges import EdgeTables

#: Days after which a purchase weighs 1/e in `HistoriesAt.recency`.
RECENCY_DAYS = 30.0

_MICROSECONDS_A_DAY = 86_400_000_000
#: Purchases that are summed at once: 50 bytes each.
_MAX_PURCHASES = 4_000_000


@dataclass(frozen=True)
class HistoriesAt:
    """Histories of some users, each up to a moment; all matrices float32 [num_queries, num_ranked].

    The other matrices have their values in the places of `counts`, columns of a row ascending.
    """

    counts: csr_matrix
    """Event rows of the query's user and the item."""
    recency: csr_matrix
    """Sum over the same events of exp(−age / 30 days), ages up to the query's moment."""
    last_age_days: csr_matrix
    """Days from the last of them to that moment."""
    first_age_days: csr_matrix
    """Days from the first of them to that moment."""


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

    def histories_at(self, users: NDArray[np.int64], *, until: NDArray[np.datetime64]) -> HistoriesAt:
        """What `users` (indices, −1 for nobody) had bought before `until` (UTC), both [num_queries].

        An event at the very moment is not before it. A user may be asked for at several moments.

        Raises:
            ValueError: If the two differ in length.
        """
        if len(users) != len(until):
            raise ValueError(f"expected a moment for each of {len(users)} users, found {len(until)}")
        moments = until.astype("datetime64[us]").astype(np.int64)
        start, end = self._spans(users, moments)
        # A block ends where its purchases would pass the limit, and holds a query at least.
        block = np.cumsum(end - start) // _MAX_PURCHASES
        parts = [
            self._sum(moments[of], start[of], end[of])
            for of in np.split(np.arange(len(users)), np.flatnonzero(np.diff(block)) + 1)
        ]
        return HistoriesAt(*(vstack([part[column] for part in parts], format="csr") for column in range(4)))

    def _spans(
        self, users: NDArray[np.int64], moments: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First and last event (exclusive) of each query's history."""
        start = np.zeros(len(users), dtype=np.int64)
        end = np.zeros(len(users), dtype=np.int64)
        for query in np.flatnonzero(users >= 0):
            first, last = self.indptr[users[query] : users[query] + 2]
            start[query] = first
            end[query] = first + np.searchsorted(self.at[first:last], moments[query], side="left")
        return start, end

    def _sum(
        self, moments: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> tuple[csr_matrix, csr_matrix, csr_matrix, csr_matrix]:
        """Counts, recency, last and first age of each query and item."""
        lengths = end - start
        query = np.repeat(np.arange(len(moments)), lengths)
        event = np.arange(lengths.sum()) + np.repeat(start - np.cumsum(lengths) + lengths, lengths)
        age_days = (moments[query] - self.at[event]) / _MICROSECONDS_A_DAY
        # Stable: the events of one place stay in the order of time, so its first is the oldest.
        place = query * self.num_ranked + self.item[event]
        order = np.argsort(place, kind="stable")
        age_days = age_days[order]
        places, first, counts = np.unique(place[order], return_index=True, return_counts=True)
        recency = np.add.reduceat(np.exp(-age_days / DECAY_DAYS[1]), first) if len(first) else age_days
        indptr = np.searchsorted(places, np.arange(len(moments) + 1) * self.num_ranked)
        columns = (places % max(self.num_ranked, 1)).astype(np.int32)

        def matrix(values: NDArray[np.number]) -> csr_matrix:
            shape = (len(moments), self.num_ranked)
            return csr_matrix((values.astype(np.float32), columns, indptr), shape=shape)

        last = age_days[first + counts - 1]
        return matrix(counts), matrix(recency), matrix(last), matrix(age_days[first])


def read_purchase_log(tables: Tables, edges: EdgeTables, ranked: NDArray[np.int32]) -> PurchaseLog:
    """All association events of users with the items `ranked` (item indices), whenever they were."""
    events = tables.read("interactions", ["event", "timestamp", "user_id", "item_id"])
    events = events.filter(pc.equal(events["event"], tables.manifest.association_event))
    item_ids = edges.nodes["Item"]["item_id"].take(pa.array(ranked)).combine_chunks()
    item = pc.index_in(events["item_id"], value_set=item_ids).fill_null(-1).to_numpy()
    user_ids = edges.nodes["User"]["user_id"].combine_chunks()
    user = pc.index_in(events["user_id"], value_set=user_ids).fill_null(-1).to_numpy()
    at = events["timestamp"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()

    is_kept = (item >= 0) & (user >= 0)
    item, user, at = item[is_kept], user[is_kept], at[is_kept]
    order = np.lexsort((at, user))
    counts = np.bincount(user, minlength=len(user_ids))
    return PurchaseLog(
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        item=item[order].astype(np.int32),
        at=at[order].astype(np.int64),
        num_ranked=len(ranked),
    )
