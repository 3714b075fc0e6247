"""Transitions: which item follows which in the histories of users, counted in closed form."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from gnn.data.sparse import keep_strongest, normalise_rows
from gnn.scoring.sequences import Sequences

#: Steps apart that a pair may be, to follow each other and to belong to one user's taste.
_NEAR, _WIDE = 3, 10


def fit_transitions(sequences: Sequences, *, num_ranked: int, max_distance: int, num_kept: int) -> csr_matrix:
    """The `num_kept` strongest followers of each item, [num_ranked, num_ranked], columns ascending.

    T[i, j] = n(i, j) / √(n(i, ·) n(·, j)), n of `count_transitions`: the cosine of two items' roles, which
    a popular follower does not win for being popular.
    """
    kept = keep_strongest(
        cosine(count_transitions(sequences, num_ranked, max_distance=max_distance)), num_kept
    )
    kept.sort_indices()
    return kept


def count_transitions(sequences: Sequences, num_ranked: int, *, max_distance: int) -> csr_matrix:
    """n(i, j): Σ of 1 / d over the pairs of events in which j comes d ≤ `max_distance` steps after i."""
    item, query = sequences.item, sequences.query
    before, after, said = [], [], []
    for distance in range(1, max_distance + 1):
        is_pair = query[:-distance] == query[distance:]
        before.append(item[:-distance][is_pair])
        after.append(item[distance:][is_pair])
        said.append(np.full(int(is_pair.sum()), 1 / distance, dtype=np.float32))
    places = np.concatenate(before), np.concatenate(after)
    return csr_matrix((np.concatenate(said), places), shape=(num_ranked, num_ranked))


def cosine(counts: csr_matrix) -> csr_matrix:
    """`counts` divided by the root of what its row and its column sum to."""
    scale = []
    for axis in (1, 0):
        sums = np.asarray(counts.sum(axis=axis), dtype=np.float64).ravel()
        scale.append(np.divide(1.0, np.sqrt(sums), out=np.zeros(len(sums)), where=sums > 0))
    return csr_matrix(diags_array(scale[0]) @ counts @ diags_array(scale[1]), dtype=np.float32)


def transition_relations(
    sequences: Sequences, *, num_ranked: int, num_neighbours: int, is_ordered: bool
) -> dict[str, csr_matrix]:
    """Relations along which items receive from items, rows of means, each [num_ranked, num_ranked].

    `same_user`: bought by one user up to ten steps apart, whichever came first. Where order is heard also
    `next` and `previous`: up to three steps after and before.
    """
    wide = count_transitions(sequences, num_ranked, max_distance=_WIDE)
    counts = {"same_user": (wide + wide.T).tocsr()}
    if is_ordered:
        near = count_transitions(sequences, num_ranked, max_distance=_NEAR)
        counts |= {"next": near, "previous": near.T.tocsr()}
    relations = {
        name: normalise_rows(keep_strongest(cosine(count), num_neighbours)) for name, count in counts.items()
    }
    return {name: relation for name, relation in relations.items() if relation.nnz}
