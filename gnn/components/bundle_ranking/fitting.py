"""Fitting a ranking of the shop's bundles to choices before a moment, by what the data has."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags_array

from gnn.components.bundle_ranking.kernel_ease import KernelEaseParams, fit_kernel_ease
from gnn.components.bundle_ranking.ranking import DEFAULT_WEIGHTS, BundleRanking, fit_weights
from gnn.data.bundle_choices import BundleChoices
from gnn.evaluation.lists import ndcgs_at_k, rank_lists
from gnn.network.bundle_training import ViewParams, ViewVectors, train_views

logger = logging.getLogger(__name__)

#: Choices under which a graph network has nothing to learn from: the closed form serves alone.
MIN_CHOICES = 500

#: Users with new choices under which neither epochs nor weights are chosen by them.
MIN_VALIDATION_USERS = 50

#: Users by whom they are chosen at most: more take longer and choose the same.
MAX_VALIDATION_USERS = 3_000

_DEFAULT_EPOCHS = 14


@dataclass(frozen=True)
class BundleRankingParams:
    """How bundles are ranked."""

    num_seeds: int = 3
    """Networks whose cosines are summed; each differs in what was drawn."""
    views: ViewParams = field(default_factory=ViewParams)
    ease: KernelEaseParams = field(default_factory=KernelEaseParams)


def fit_bundle_ranking(
    choices: BundleChoices,
    *,
    seed: int,
    device: torch.device,
    validation: csr_matrix | None = None,
    judged: BundleRanking | None = None,
    params: BundleRankingParams | None = None,
) -> BundleRanking:
    """Fit what `choices` has enough data for.

    Args:
        choices: Before a moment. Without contents of bundles, or without purchases, the features and views
            that need them are left out; with under `MIN_CHOICES` choices the closed form is alone; with
            none, nothing is fitted.
        seed: Of the first network; the others follow it.
        device: Where the networks are trained.
        validation: New choices after that moment [num_users, num_bundles]: they choose epochs and weights,
            unless they are of fewer than `MIN_VALIDATION_USERS` users who had chosen before.
        judged: A ranking of an earlier moment whose epochs and weights are taken over.
        params: Of both parts.
    """
    chosen = params or BundleRankingParams()
    if not choices.chosen.nnz:
        return BundleRanking.none(choices)
    started = time.perf_counter()
    ease = fit_kernel_ease(choices, params=chosen.ease)
    logger.info("kernel EASE over %d users in %.1f s", len(ease.users), time.perf_counter() - started)

    new = None if validation is None else _of_known_users(validation, choices.chosen)
    views: tuple[ViewVectors, ...] = ()
    if choices.chosen.nnz >= MIN_CHOICES and choices.num_bundles > 1:
        views = _train_all(choices, new, seed=seed, device=device, judged=judged, params=chosen)
    ranking = BundleRanking(choices, ease, views, DEFAULT_WEIGHTS if judged is None else judged.weights)
    if new is None or not views:
        return ranking
    return replace(ranking, weights=fit_weights(ranking, new))


def _train_all(
    choices: BundleChoices,
    validation: csr_matrix | None,
    *,
    seed: int,
    device: torch.device,
    judged: BundleRanking | None,
    params: BundleRankingParams,
) -> tuple[ViewVectors, ...]:
    epochs = [_DEFAULT_EPOCHS] * params.num_seeds
    if judged is not None and judged.views:
        epochs = list(judged.num_epochs)
    if validation is not None:
        epochs = [params.views.max_epochs] * params.num_seeds
    return tuple(
        train_views(
            choices,
            seed=seed + number,
            device=device,
            params=replace(params.views, max_epochs=max_epochs),
            validate=None if validation is None else partial(_ndcg, validation, choices.chosen),
        )
        for number, max_epochs in enumerate(epochs)
    )


def _ndcg(validation: csr_matrix, masked: csr_matrix, vectors: ViewVectors) -> float:
    # The longer list has more hits, so that its mean depends less on chance than that at 20.
    lists = rank_lists(vectors.score, validation, masked=masked, k=40, rng=np.random.default_rng(0))
    return float(ndcgs_at_k(lists, 40).mean())


def _of_known_users(validation: csr_matrix, chosen: csr_matrix) -> csr_matrix | None:
    """`validation` of users who had chosen before, evenly thinned where they are many; none if too few."""
    num_new, num_before = (matrix.astype(bool).sum(axis=1) for matrix in (validation, chosen))
    known = np.flatnonzero((np.ravel(num_new) > 0) & (np.ravel(num_before) > 0))
    if len(known) < MIN_VALIDATION_USERS:
        return None
    kept = np.zeros(validation.shape[0], dtype=np.float32)
    kept[known[:: -(-len(known) // MAX_VALIDATION_USERS)]] = 1
    rows = csr_matrix(diags_array(kept) @ validation)
    rows.eliminate_zeros()
    return rows
