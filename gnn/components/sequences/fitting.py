"""Fitting the evidence to histories, and the trees to next items that were held back from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.boosted_trees import RankerParams, fit_ranker
from gnn.components.ease.exact import Ease, fit_ease
from gnn.components.sequences.shortlists import Shortlists
from gnn.data.purchases import Purchases
from gnn.data.sequences import fit_transitions, user_sequences, users_as_baskets
from gnn.network.training_run import LearnedLinks
from gnn.scoring.csr import SparseRows
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequence_features import NAMES
from gnn.scoring.sequences import SequenceGate
from gnn.scoring.trees import no_trees

#: λ of EASE over histories, in units of the mean diagonal: 100 on the reviews that it was measured on.
HISTORY_RIDGE = 8.0
#: Smaller than for baskets: every query has one item to be found, so there are fewer rows that teach.
TREES = RankerParams(num_trees=150, learning_rate=0.05, num_leaves=15, min_rows_a_leaf=100)

#: Weights of EASE and of transitions that are kept a row.
_EASE_KEPT, _TRANSITIONS_KEPT = 200, 100
_NEAR, _WIDE = 3, 10


def fit_history_ease(purchases: Purchases) -> Ease:
    """EASE over what users bought (`gnn.data.sequences.users_as_baskets`)."""
    return fit_ease(users_as_baskets(purchases), ridge=HISTORY_RIDGE)


def fit_evidence(
    purchases: Purchases, links: LearnedLinks, ease: Ease, *, groups: NDArray[np.int32]
) -> SequenceEvidence:
    """The evidence of `purchases` (columns: ranked indices), of what was learned, of `ease` over histories.

    `groups` is of `gnn.scoring.item_codes.item_codes`. Links in closed form say popularity alone.

    Raises:
        ValueError: If the links were learned from baskets.
    """
    if links.gate is None and links.target.shape[1]:
        raise ValueError("expected links learned from sequences, found ones learned from baskets")
    sequences, num_ranked = user_sequences(purchases), purchases.counts.shape[1]
    near, wide = (
        fit_transitions(sequences, num_ranked=num_ranked, max_distance=distance, num_kept=_TRANSITIONS_KEPT)
        for distance in (_NEAR, _WIDE)
    )
    ends = sequences.indptr[1:][sequences.lengths > 0] - 1
    return SequenceEvidence(
        ease=_rows(ease.top(_EASE_KEPT)),
        near=_rows(near),
        back=_rows(near.T.tocsr()),
        wide=_rows(wide),
        source=links.source,
        target=links.target,
        history=links.history,
        bias=links.bias,
        gate=links.gate or _silent_gate(num_ranked),
        groups=groups,
        events=np.bincount(sequences.item, minlength=num_ranked),
        last_events=np.bincount(sequences.item[ends], minlength=num_ranked),
    )


def fit_trees(shortlists: Shortlists, *, seed: int) -> NDArray[np.uint8]:
    """Trees that put the next item first, for `gnn.scoring.sequence_scorer`; none where none is shortlisted.

    The queries of `shortlists` are of a time that the evidence does not know.
    """
    if not len(shortlists.query):
        return no_trees()
    return fit_ranker(
        shortlists.features.reshape(-1, len(NAMES)),
        shortlists.is_hidden.ravel().astype(np.int64),
        np.full(len(shortlists.query), shortlists.is_hidden.shape[1]),
        names=NAMES,
        seed=seed,
        params=TREES,
    )


def _rows(matrix: csr_matrix) -> SparseRows:
    matrix.sort_indices()
    return SparseRows(
        matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32)
    )


def _silent_gate(num_ranked: int) -> SequenceGate:
    return SequenceGate(
        by_step=np.zeros((1, 1), dtype=np.float32),
        by_item=np.zeros((num_ranked, 1), dtype=np.float32),
        by_age=np.zeros(1, dtype=np.float32),
        power=np.ones(1, dtype=np.float32),
    )
