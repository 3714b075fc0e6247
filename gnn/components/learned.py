"""Learning from the data before a moment, and the components of item scores that come of it."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from gnn.components.context import FitContext, Learned
from gnn.components.ease import Ease, fit_ease
from gnn.config import TrainingConfig
from gnn.data.purchases import Purchases, log_popularity
from gnn.data.queries import CompletionQueries
from gnn.data.sequences import fit_transitions, user_sequences, users_as_baskets
from gnn.data.training_data import TrainingData
from gnn.network.task import LearnedLinks
from gnn.network.training import Progress, train_links
from gnn.scoring.containers import Csr
from gnn.scoring.explanation import Encoder
from gnn.scoring.item_model import EaseWeights, ItemNetwork, RankedItems
from gnn.scoring.sequence_stage import SequenceModel
from gnn.scoring.sequences import SequenceGate

logger = logging.getLogger(__name__)

#: Below these the closed form serves: a GNN has too little to learn from.
MIN_BASKETS, MIN_ITEMS = 200, 10

#: λ of EASE over histories, in units of the mean diagonal: 100 on the reviews that it was measured on.
HISTORY_RIDGE = 8.0


def learn(
    data: TrainingData,
    *,
    config: TrainingConfig,
    validation: CompletionQueries | None,
    max_epochs: int,
    checkpoint: Path,
    progress: Progress,
) -> Learned:
    """Fit EASE and train the network on `data`; `validation` stops training early where it is given.

    Where there are fewer than `MIN_BASKETS` baskets with ranked items or `MIN_ITEMS` of these, the links are
    closed form: vectors of length 0 and log popularity as bias. So they are with `max_epochs` 0, where the
    model was tuned without a network.
    """
    purchases = data.ranked_purchases
    started = time.perf_counter()
    progress("closed form", 0, 1)
    ease = fit_history_ease(purchases) if data.is_sequence else fit_basket_ease(purchases, config)
    progress("closed form", 1, 1)
    logger.info("EASE over %d items in %.1f s", len(data.ranked), time.perf_counter() - started)
    num_baskets = int((np.diff(purchases.lines.indptr) > 0).sum())
    if num_baskets < MIN_BASKETS or len(data.ranked) < MIN_ITEMS or not max_epochs:
        return Learned(closed_form_links(purchases), ease)
    links = train_links(
        purchases,
        data.edges,
        data.ranked,
        config=config,
        validation=validation,
        max_epochs=max_epochs,
        checkpoint=checkpoint,
        progress=progress,
        sequence_config=config.sequence if data.is_sequence else None,
    )
    return Learned(links, ease)


def fit_basket_ease(purchases: Purchases, config: TrainingConfig) -> Ease:
    """EASE over baskets, by the settings of `config`."""
    return fit_ease(
        purchases,
        ridge=config.ease_ridge,
        size_power=config.ease_size_power,
        half_life_weeks=config.ease_half_life_weeks,
    )


def fit_history_ease(purchases: Purchases) -> Ease:
    """EASE over users' histories (`gnn.data.sequences.users_as_baskets`)."""
    return fit_ease(users_as_baskets(purchases), ridge=HISTORY_RIDGE)


def closed_form_links(purchases: Purchases) -> LearnedLinks:
    """Links without a network: popularity alone."""
    num_users, num_ranked = purchases.counts.shape
    nothing = np.zeros((num_ranked, 0), dtype=np.float32)
    return LearnedLinks(
        source=nothing,
        target=nothing,
        history=nothing,
        bias=log_popularity(purchases),
        users=np.zeros((num_users, 0), dtype=np.float32),
        count_weights=(1.0, 1.0),
    )


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
