"""What users bought: the stored events, and one user's summary by item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.csr import zeros_field
from gnn.scoring.text_column import TextColumn

#: Days after which a purchase weighs 1/e in the columns of `ItemHistory.decayed`.
DECAY_DAYS = (10.0, 30.0, 90.0)


@dataclass(frozen=True)
class Histories:
    """The events of each user: users sorted by pseudonym, a user's events oldest first."""

    user_ids: TextColumn = TextColumn.of([])
    indptr: NDArray[np.int64] = zeros_field(np.int64, 1)
    """Events of user u are `indptr[u]:indptr[u + 1]`, [num_users + 1]."""
    item: NDArray[np.int32] = zeros_field(np.int32)
    """Item index. A user's events of an item are `PURCHASED.count` in number."""
    age_days: NDArray[np.float32] = zeros_field(np.float32)
    """Days from the event to the model's `as_of`."""

    def of_user(self, user_index: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Item indices and ages of one user's events."""
        events = slice(*self.indptr[user_index : user_index + 2])
        return self.item[events], self.age_days[events]


@dataclass(frozen=True)
class ItemHistory:
    """A row an item that the user has bought, by ascending item; ages in days."""

    item: NDArray[np.int64]
    count: NDArray[np.float32]
    """Events (purchase lines)."""
    decayed: NDArray[np.float32]
    """Sums over the events of exp(-age / τ), τ = `DECAY_DAYS`, [num_rows, 3]."""
    last_age: NDArray[np.float32]
    """Of the latest event."""
    cycle: NDArray[np.float32]
    """Place in the repurchase cycle: last age ÷ mean days between the days of purchase; NaN where there is
    one such day."""


def summarise(item: NDArray[np.integer], age_days: NDArray[np.floating]) -> ItemHistory:
    """One user's events, [num_events] each, summed by item; the order of the events does not matter."""
    items, row, count = np.unique(item, return_inverse=True, return_counts=True)
    decayed = np.stack(
        [np.bincount(row, np.exp(-age_days / days), minlength=len(items)) for days in DECAY_DAYS], axis=1
    )
    last, first = np.full(len(items), np.inf), np.zeros(len(items))
    np.minimum.at(last, row, age_days)
    np.maximum.at(first, row, age_days)
    # Days, not events: two packages in one basket are no cycle.
    days = np.bincount(
        np.unique(np.stack([row, np.floor(age_days)]), axis=1)[0].astype(np.int64), minlength=len(items)
    )
    gap = np.where(days > 1, (first - last) / np.maximum(days - 1, 1), np.nan)
    return ItemHistory(
        item=items.astype(np.int64),
        count=count.astype(np.float32),
        decayed=decayed.astype(np.float32),
        last_age=last.astype(np.float32),
        cycle=(last / np.maximum(gap, 1.0)).astype(np.float32),
    )
