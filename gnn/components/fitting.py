"""Fitting the parts of a model to purchases before a moment: learned links, and EASE beside them."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gnn.components.ease.exact import Ease, fit_ease
from gnn.components.popularity import fit_popularity
from gnn.components.sequences.fitting import fit_history_ease
from gnn.config import TrainingConfig
from gnn.data.purchases import Purchases, choose_ranked
from gnn.data.queries import CompletionQueries
from gnn.network.task import LearnedLinks
from gnn.network.training import Progress, train_links
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Below these a GNN has nothing to learn from, and closed forms serve.
MIN_BASKETS, MIN_ITEMS = 200, 10


@dataclass(frozen=True)
class FittedModel:
    """What was fitted to `purchases`."""

    kind: str
    """`gnn` or `closed_form`."""
    purchases: Purchases
    """Columns: item indices."""
    ranked_purchases: Purchases
    """The same, columns: ranked indices."""
    ranked: NDArray[np.int32]
    """Item index of each ranked index."""
    links: LearnedLinks
    ease: Ease
    """Over baskets; over histories where the data are sequences."""
    is_sequence: bool
    """The links are of ordered histories: `gnn.sequence` serves."""


def ranked_items(purchases: Purchases, config: TrainingConfig, *, is_sequence: bool) -> NDArray[np.int32]:
    """Item indices that are to be ranked, ascending: all that were bought where the data are sequences."""
    is_small = is_sequence and config.min_item_baskets is None
    return choose_ranked(purchases, min_item_baskets=1 if is_small else config.min_item_baskets)


def fit_ease_of(purchases: Purchases, config: TrainingConfig) -> Ease:
    """The EASE that is blended in."""
    return fit_ease(
        purchases,
        ridge=config.ease_ridge,
        size_power=config.ease_size_power,
        half_life_weeks=config.ease_half_life_weeks,
    )


def fit_model(
    purchases: Purchases,
    edges: EdgeTables,
    *,
    config: TrainingConfig,
    ranked: NDArray[np.int32],
    is_sequence: bool,
    validation: CompletionQueries | None,
    max_epochs: int,
    checkpoint: Path,
    progress: Progress,
) -> FittedModel:
    """Fit links and EASE to `purchases` (columns: item indices) and the graph `edges`, ranking `ranked`.

    Whether they are sequences is the caller's to say (`gnn.data.sequences.is_sequential`, of all purchases):
    the ranked part of a shop's baskets may hold one item each where the baskets do not.
    Where there are fewer than `MIN_BASKETS` baskets with ranked items or `MIN_ITEMS` of these, the links are
    closed form: tables of length 0 and log popularity as bias.
    """
    ranked_purchases = purchases.of_items(ranked)
    started = time.perf_counter()
    progress("closed form", 0, 1)
    ease = fit_history_ease(ranked_purchases) if is_sequence else fit_ease_of(ranked_purchases, config)
    progress("closed form", 1, 1)
    logger.info("EASE over %d items in %.1f s", len(ranked), time.perf_counter() - started)
    num_baskets = int((np.diff(ranked_purchases.lines.indptr) > 0).sum())
    if num_baskets < MIN_BASKETS or len(ranked) < MIN_ITEMS:
        nothing_learned = closed_form_links(ranked_purchases)
        return FittedModel(
            "closed_form", purchases, ranked_purchases, ranked, nothing_learned, ease, is_sequence
        )
    links = train_links(
        ranked_purchases,
        edges,
        ranked,
        config=config,
        validation=validation,
        max_epochs=max_epochs,
        checkpoint=checkpoint,
        progress=progress,
        sequence_config=config.sequence if is_sequence else None,
    )
    return FittedModel("gnn", purchases, ranked_purchases, ranked, links, ease, is_sequence)


def closed_form_links(purchases: Purchases) -> LearnedLinks:
    """Links that were not learned: popularity alone."""
    num_users, num_ranked = purchases.counts.shape
    nothing = np.zeros((num_ranked, 0), dtype=np.float32)
    return LearnedLinks(
        source=nothing,
        target=nothing,
        history=nothing,
        bias=fit_popularity(purchases).bias,
        users=np.zeros((num_users, 0), dtype=np.float32),
        count_weights=(1.0, 1.0),
        num_epochs=0,
        seconds=0.0,
    )
