"""Learning from the data before a moment: EASE in closed form, then the network."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np

from gnn.components.context import Learned
from gnn.components.ease.exact import Ease, fit_ease
from gnn.config import TrainingConfig
from gnn.data.purchases import Purchases, log_popularity
from gnn.data.queries import CompletionQueries
from gnn.data.sequences import users_as_baskets
from gnn.data.training_data import TrainingData
from gnn.network.training import Progress, train_links
from gnn.network.training_run import LearnedLinks

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
    closed form: vectors of length 0 and log popularity as bias.
    """
    purchases = data.ranked_purchases
    started = time.perf_counter()
    progress("closed form", 0, 1)
    ease = fit_history_ease(purchases) if data.is_sequence else fit_basket_ease(purchases, config)
    progress("closed form", 1, 1)
    logger.info("EASE over %d items in %.1f s", len(data.ranked), time.perf_counter() - started)
    num_baskets = int((np.diff(purchases.lines.indptr) > 0).sum())
    if num_baskets < MIN_BASKETS or len(data.ranked) < MIN_ITEMS:
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
