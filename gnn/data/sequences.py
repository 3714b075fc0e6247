"""Purchase sequences: whether a shop's data are sequences, the sequences, and item-to-item transitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from gnn.data.purchases import Purchases
from gnn.data.sparse import keep_strongest, normalise_rows
from gnn.scoring.sequences import Sequences

#: Mean items per basket below which the order of a user's purchases tells more than the baskets.
MOST_ITEMS_A_BASKET = 1.5

#: Largest distance in steps of a pair in the relations `next` and `previous`, and in `same_user`.
_MAX_ORDERED_DISTANCE, _MAX_USER_DISTANCE = 3, 10


def is_sequential(purchases: Purchases) -> bool:
    """Whether baskets hold hardly more than one item, and some user bought more than once."""
    items = np.diff(purchases.lines.indptr)
    items = items[items > 0]
    has_history = (np.diff(purchases.events.indptr) > 1).any()
    return bool(len(items) and items.mean() < MOST_ITEMS_A_BASKET and has_history)


def user_sequences(purchases: Purchases) -> Sequences:
    """The ordered history of each user, in the order of users."""
    events = purchases.events
    return Sequences(events.indptr, events.item, events.age_days)


def users_as_baskets(purchases: Purchases) -> Purchases:
    """The same purchases with all items of a user as one basket of age 0.

    Where baskets hold one item, only users link items: fit to these what would be fitted to baskets.
    """
    num_users = purchases.counts.shape[0]
    return replace(
        purchases,
        lines=purchases.counts,
        basket_user=np.arange(num_users),
        basket_age=np.zeros(num_users),
    )


def fit_transitions(sequences: Sequences, *, num_ranked: int, max_distance: int, num_kept: int) -> csr_matrix:
    """The `num_kept` strongest followers of each item, [num_ranked, num_ranked], columns ascending.

    T[i, j] = n(i, j) / √(n(i, ·) n(·, j)), with n of `count_transitions`: a cosine, so that popular followers
    do not win by their popularity.
    """
    counts = count_transitions(sequences, num_ranked, max_distance=max_distance)
    kept = keep_strongest(cosine_normalise(counts), num_kept)
    kept.sort_indices()
    return kept


def transition_relations(
    sequences: Sequences, *, num_ranked: int, num_neighbours: int, is_ordered: bool
) -> dict[str, csr_matrix]:
    """Item-to-item relations for message passing, rows sum to 1, each [num_ranked, num_ranked].

    `same_user`: bought by one user at most ten steps apart, in either order. With `is_ordered` also `next`
    and `previous`: columns bought at most three steps after and before the row. Empty relations are left out.
    """
    near_user = count_transitions(sequences, num_ranked, max_distance=_MAX_USER_DISTANCE)
    counts = {"same_user": (near_user + near_user.T).tocsr()}
    if is_ordered:
        following = count_transitions(sequences, num_ranked, max_distance=_MAX_ORDERED_DISTANCE)
        counts |= {"next": following, "previous": following.T.tocsr()}
    relations = {
        name: normalise_rows(keep_strongest(cosine_normalise(count), num_neighbours))
        for name, count in counts.items()
    }
    return {name: relation for name, relation in relations.items() if relation.nnz}


def count_transitions(sequences: Sequences, num_ranked: int, *, max_distance: int) -> csr_matrix:
    """n(i, j) = Σ 1 / d over the pairs of events in which j follows i after d ≤ `max_distance` steps."""
    item, query = sequences.item, sequences.query
    sources, targets, values = [], [], []
    for distance in range(1, max_distance + 1):
        is_pair = query[:-distance] == query[distance:]
        sources.append(item[:-distance][is_pair])
        targets.append(item[distance:][is_pair])
        values.append(np.full(int(is_pair.sum()), 1 / distance, dtype=np.float32))
    places = np.concatenate(sources), np.concatenate(targets)
    return csr_matrix((np.concatenate(values), places), shape=(num_ranked, num_ranked))


def cosine_normalise(counts: csr_matrix) -> csr_matrix:
    """Each entry divided by the square root of its row's sum times its column's sum."""
    scale = []
    for axis in (1, 0):
        sums = np.asarray(counts.sum(axis=axis), dtype=np.float64).ravel()
        scale.append(np.divide(1.0, np.sqrt(sums), out=np.zeros(len(sums)), where=sums > 0))
    return csr_matrix(diags_array(scale[0]) @ counts @ diags_array(scale[1]), dtype=np.float32)
