"""Evaluation queries as the scorers take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.data.queries import CompletionQueries, NextItemQueries
from gnn.scoring.item_scorer import ItemQuery


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
