"""Queries of sequences: what a user buys next, from the ordered history before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from scipy.sparse import csr_matrix

from gnn.data.purchase_log import PurchaseLog
from gnn.data.queries import CompletionQueries
from gnn.scoring.sequences import Sequences

_MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True, kw_only=True)
class NextItemQueries(CompletionQueries):
    """Histories to go on from. `carts` holds each history as a set: its items are no answers."""

    histories: Sequences
    """In the order of the queries; ages count to the purchase that is asked for."""

    def __getitem__(self, part: slice) -> NextItemQueries:
        return NextItemQueries(
            self.carts[part],
            self.users[part],
            self.hidden[part],
            self.basket_ids[part],
            histories=self.histories[part],
        )


def next_item_queries(
    log: PurchaseLog, *, since: datetime, until: datetime | None, history_until: datetime | None = None
) -> NextItemQueries:
    """One query a user: the first purchase in [`since`, `until`) of an item that is new to the user.

    The history is what was bought before that purchase (rolling), or before `history_until` (strict); a
    purchase of the very moment is not before it. Users without a history or such a purchase ask nothing.
    With one event a moment this is leaving the last out (protocol E).
    """
    first_at, last_at = _microseconds(since), _microseconds(until, otherwise=np.iinfo(np.int64).max)
    kept_until = _microseconds(history_until, otherwise=np.iinfo(np.int64).max)
    users, hidden, parts, ages = [], [], [], []
    for user in np.flatnonzero(np.diff(log.indptr)):
        item, at = (column[log.indptr[user] : log.indptr[user + 1]] for column in (log.item, log.at))
        for place in np.flatnonzero((at >= first_at) & (at < last_at)):
            end = int(np.searchsorted(at, min(at[place], kept_until), side="left"))
            if end and item[place] not in item[:end]:
                users.append(user)
                hidden.append(item[place])
                parts.append(item[:end])
                ages.append((at[place] - at[:end]) / _MICROSECONDS_A_DAY)
                break
    lengths = np.array([len(part) for part in parts], dtype=np.int64)
    histories = Sequences(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        item=np.concatenate([np.zeros(0), *parts]).astype(np.int32),
        age_days=np.concatenate([np.zeros(0), *ages]).astype(np.float32),
    )
    return NextItemQueries(
        carts=as_sets(histories, num_ranked=log.num_ranked),
        users=np.array(users, dtype=np.int64),
        hidden=np.array(hidden, dtype=np.int64),
        basket_ids=("",) * len(users),
        histories=histories,
    )


def as_sets(histories: Sequences, *, num_ranked: int) -> csr_matrix:
    """1 for what is in each history, [len(histories), num_ranked]."""
    ones = np.ones(len(histories.item), dtype=np.float32)
    # Rows and columns, not the histories' own arrays: SciPy sorts these in place, and their order counts.
    held = csr_matrix((ones, (histories.query, histories.item)), shape=(len(histories), num_ranked))
    return csr_matrix(held.sign())


def _microseconds(moment: datetime | None, *, otherwise: int = 0) -> int:
    if moment is None:
        return otherwise
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)
