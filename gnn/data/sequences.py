"""Whether a shop's data is sequences rather than baskets, and the sequences in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gnn.data.purchases import Purchases
from gnn.scoring.sequences import Sequences

#: Items a basket, in the mean, below which baskets say less than the order of what a user bought.
MOST_ITEMS_A_BASKET = 1.5


def is_sequential(purchases: Purchases) -> bool:
    """True where baskets hold hardly more than an item, and some user came back."""
    items = np.diff(purchases.lines.indptr)
    items = items[items > 0]
    came_back = (np.diff(purchases.events.indptr) > 1).any()
    return bool(len(items) and items.mean() < MOST_ITEMS_A_BASKET and came_back)


def user_sequences(purchases: Purchases) -> Sequences:
    """The ordered history of each user, in the order of users."""
    events = purchases.events
    return Sequences(events.indptr, events.item, events.age_days)


def users_as_baskets(purchases: Purchases) -> Purchases:
    """The same purchases with all that a user bought as one basket of no age.

    Where baskets hold one item, only users link items: what is fitted to baskets is fitted to these.
    """
    num_users = purchases.counts.shape[0]
    return replace(
        purchases,
        lines=purchases.counts,
        basket_user=np.arange(num_users),
        basket_age=np.zeros(num_users),
    )
