"""Components of item scores: ranked items, the network and its encoder, EASE, and transitions."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from gnn.components.context import FitContext
from gnn.data.sequences import fit_transitions, user_sequences
from gnn.scoring.csr import Csr
from gnn.scoring.encoder import Encoder
from gnn.scoring.item_model import EaseWeights, ItemNetwork, RankedItems
from gnn.scoring.sequence_stage import SequenceModel
from gnn.scoring.sequences import SequenceGate

#: Transitions that are kept a row, and how many steps apart they are at most.
_TRANSITIONS_KEPT, _NEAR, _WIDE = 100, 3, 10


def fit_ranked_items(context: FitContext) -> RankedItems:
    """The items that are ranked, and how many recent baskets hold them."""
    purchases = context.data.ranked_purchases
    return RankedItems(
        item=context.data.ranked.astype(np.int32),
        baskets_4_weeks=purchases.baskets_within(28),
        baskets_16_weeks=purchases.baskets_within(112),
    )


def fit_item_network(context: FitContext) -> ItemNetwork:
    """The vectors that the network learned; popularity alone where it was not trained."""
    links = context.learned.links
    return ItemNetwork(
        source=np.ascontiguousarray(links.source, dtype=np.float32),
        target=np.ascontiguousarray(links.target, dtype=np.float32),
        history=np.ascontiguousarray(links.history, dtype=np.float32),
        bias=np.ascontiguousarray(links.bias, dtype=np.float32),
        users=np.ascontiguousarray(links.users, dtype=np.float32),
        gate=links.gate or SequenceGate(),
    )


def fit_encoder(context: FitContext) -> Encoder:
    """The trained encoder, for explanations."""
    return context.learned.links.encoder


def fit_ease_weights(context: FitContext) -> EaseWeights:
    """The largest weights of each row, as many as the tuning keeps."""
    return EaseWeights(_csr(context.learned.ease.top(context.tuning.ease_top_k)))


def fit_sequences(context: FitContext) -> SequenceModel:
    """Transitions of ordered histories; empty where the data are baskets."""
    if not context.data.is_sequence:
        return SequenceModel()
    purchases = context.data.ranked_purchases
    sequences, num_ranked = user_sequences(purchases), len(context.data.ranked)
    near, wide = (
        fit_transitions(sequences, num_ranked=num_ranked, max_distance=distance, num_kept=_TRANSITIONS_KEPT)
        for distance in (_NEAR, _WIDE)
    )
    ends = sequences.indptr[1:][sequences.lengths > 0] - 1
    return SequenceModel(
        near=_csr(near),
        back=_csr(near.T.tocsr()),
        wide=_csr(wide),
        events=np.bincount(sequences.item, minlength=num_ranked),
        last_events=np.bincount(sequences.item[ends], minlength=num_ranked),
    )


def _csr(matrix: csr_matrix) -> Csr:
    """`matrix` with ascending columns."""
    matrix.sort_indices()
    return Csr(
        matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32)
    )
