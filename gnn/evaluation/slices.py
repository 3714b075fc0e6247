"""Slices of queries that are reported separately, since a mean over all queries hides where a model fails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries


def is_cross_category(queries: CompletionQueries, root: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Queries whose hidden item has a level-0 category that no item of the cart has, [num_queries].

    `root` is each ranked item's level-0 category, -1 for none; a query whose hidden item has none is not in
    the slice.
    """
    rows, items = queries.carts.nonzero()
    same = root[items] == root[queries.hidden[rows]]
    in_cart = np.bincount(rows[same], minlength=len(queries)) > 0
    return np.asarray(~in_cart & (root[queries.hidden] >= 0))


def is_new_to_user(queries: CompletionQueries, counts: csr_matrix) -> NDArray[np.bool_]:
    """Queries whose user never bought the hidden item, anonymous baskets included, [num_queries].

    `counts` is the number of purchases by user and ranked item, [num_users, num_ranked].
    """
    is_known = np.zeros(len(queries), dtype=bool)
    has_user = queries.users >= 0
    if has_user.any():  # SciPy returns a matrix, not an empty row, for empty indices.
        bought = counts[queries.users[has_user], queries.hidden[has_user]]
        is_known[has_user] = np.asarray(bought).ravel() > 0
    return ~is_known


def is_cold_item(queries: CompletionQueries, item_baskets: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Queries whose hidden item is in no training basket, [num_queries].

    `item_baskets` is the number of training baskets that hold each ranked item, [num_ranked].
    """
    return np.asarray(item_baskets[queries.hidden] == 0)


def is_cold_user(queries: CompletionQueries, counts: csr_matrix) -> NDArray[np.bool_]:
    """Queries whose user bought nothing before, anonymous baskets included, [num_queries].

    `counts` as in `is_new_to_user`.
    """
    has_bought = np.append(np.diff(counts.indptr) > 0, False)  # The last is for user -1, an anonymous basket.
    return np.asarray(~has_bought[queries.users])
