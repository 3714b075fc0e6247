"""Ranking a shop's own bundles: tuned on its past, then fitted to all choices of users."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags_array

from gnn.components.bundle_ranking.kernel_ease import KernelEaseParams, fit_kernel_ease
from gnn.components.bundle_ranking.ranking import DEFAULT_WEIGHTS, FusedRanking, fit_weights
from gnn.components.context import BundleTuning, FitContext
from gnn.config import TrainingConfig
from gnn.data.bundle_choices import BundleChoices, bundle_choices, new_choices
from gnn.data.training_data import TimeSplit, TrainingData
from gnn.evaluation.leak_probe import LEAK_PROBE, probe_bundles
from gnn.evaluation.lists import list_metrics, ndcgs_at_k, rank_lists
from gnn.network.bundle_training import ViewParams, ViewVectors, train_views
from gnn.network.training import choose_device
from gnn.scoring.bundle_ranking import BundleRanking

logger = logging.getLogger(__name__)

#: With fewer choices than this a network has too little to learn from: kernel EASE ranks alone.
MIN_CHOICES = 500

#: With fewer users of new choices than this, epochs and weights keep their defaults.
MIN_VALIDATION_USERS = 50

#: Validation users at most: more take longer and choose the same.
MAX_VALIDATION_USERS = 3_000

#: Of affinity, overlap and popularity: tuned on Youshu, for users who were left out of training.
VISITOR_WEIGHTS = (1.0, 0.3, 2.0)

_DEFAULT_EPOCHS = 14
_KS = (20, 40)


@dataclass(frozen=True)
class BundleRankingParams:
    """Settings of both models that rank bundles."""

    num_seeds: int = 3
    """Networks whose cosines are summed; each starts from another seed."""
    views: ViewParams = field(default_factory=ViewParams)
    ease: KernelEaseParams = field(default_factory=KernelEaseParams)


def fit_bundle_ranking(context: FitContext) -> BundleRanking:
    """Ranked bundles of users who chose some, and what ranks bundles for visitors.

    Empty where nobody chose a bundle.
    """
    data = context.data
    choices = bundle_choices(data.edges, data.purchases)
    if not choices.chosen.nnz:
        return BundleRanking()
    ranking = rank_choices(
        choices,
        seed=context.config.seed,
        device=choose_device(context.config.device),
        tuning=context.tuning.bundle_ranking,
    )
    lists, popularity = ranking.top_lists(), choices.popularity
    weights = np.array(VISITOR_WEIGHTS, dtype=np.float32)
    if not ranking.views:
        return BundleRanking(lists=lists, popularity=popularity, visitor_weights=weights)
    # The vectors of one network: those of several have no common space, and one is enough for a visitor.
    items, bundles = ranking.views[0].items, ranking.views[0].bundles
    return BundleRanking(lists, popularity, items, bundles, weights)


def tune_bundle_ranking(
    data: TrainingData,
    split: TimeSplit,
    *,
    config: TrainingConfig,
    params: BundleRankingParams | None = None,
) -> tuple[BundleTuning, dict[str, dict[str, float]]] | None:
    """Epochs and weights that rank the choices of validation best, and metrics by model on test.

    None where nobody chose a bundle before validation. Test is measured over the users who had chosen a
    bundle before; without such users there are no metrics.

    Args:
        data: The shop before `split.validation_from`.
        split: The periods of validation and test.
        config: Gives seed and device.
        params: Settings of both models.
    """
    choices = bundle_choices(data.edges, data.purchases)
    if not choices.chosen.nnz:
        return None
    ranking = rank_choices(
        choices,
        seed=config.seed,
        device=choose_device(config.device),
        validation=new_choices(data.tables, data.edges, since=split.validation_from, until=split.test_from),
        params=params,
    )
    test = new_choices(data.tables, data.edges, since=split.test_from, until=None)
    had_chosen = np.diff(choices.chosen.indptr) > 0
    test = csr_matrix(test.multiply(had_chosen[:, np.newaxis]))
    test.eliminate_zeros()
    weights = ranking.weights
    tuning = BundleTuning(ranking.num_epochs, ease_weight=weights["kernel_ease"], gnn_weight=weights["gnn"])
    return tuning, _metrics(ranking, test)


def rank_choices(
    choices: BundleChoices,
    *,
    seed: int,
    device: torch.device,
    validation: csr_matrix | None = None,
    tuning: BundleTuning | None = None,
    params: BundleRankingParams | None = None,
) -> FusedRanking:
    """Fit the models that `choices` has enough data for.

    Args:
        choices: Choices before a moment. Without contents of bundles, or without purchases, the features and
            views that need them are left out; with under `MIN_CHOICES` choices kernel EASE ranks alone; with
            none, nothing is fitted.
        seed: Of the first network; the others follow it.
        device: Where the networks are trained.
        validation: New choices after that moment, [num_users, num_bundles]. They choose epochs and weights,
            unless they are of fewer than `MIN_VALIDATION_USERS` users who had chosen a bundle before.
        tuning: Epochs and weights that were chosen before; defaults where there is none.
        params: Settings of both models.
    """
    params = params or BundleRankingParams()
    weights = DEFAULT_WEIGHTS
    if tuning is not None:
        weights = {"kernel_ease": tuning.ease_weight, "gnn": tuning.gnn_weight}
    if not choices.chosen.nnz:
        return FusedRanking(choices, None, (), weights)
    started = time.perf_counter()
    ease = fit_kernel_ease(choices, params=params.ease)
    logger.info("kernel EASE over %d users in %.1f s", len(ease.users), time.perf_counter() - started)

    new = None if validation is None else _of_known_users(validation, choices.chosen)
    if choices.chosen.nnz < MIN_CHOICES or choices.num_bundles < 2:
        return FusedRanking(choices, ease, (), weights)
    epochs = (_DEFAULT_EPOCHS,) * params.num_seeds
    if tuning is not None and tuning.num_epochs:
        epochs = tuning.num_epochs
    views = _train_networks(choices, new, epochs=epochs, seed=seed, device=device, params=params.views)
    ranking = FusedRanking(choices, ease, views, weights)
    return ranking if new is None else replace(ranking, weights=fit_weights(ranking, new))


def _train_networks(
    choices: BundleChoices,
    validation: csr_matrix | None,
    *,
    epochs: tuple[int, ...],
    seed: int,
    device: torch.device,
    params: ViewParams,
) -> tuple[ViewVectors, ...]:
    """A network for each of `epochs`; where there is validation, it chooses the epochs."""
    return tuple(
        train_views(
            choices,
            seed=seed + number,
            device=device,
            params=params if validation is not None else replace(params, max_epochs=num_epochs),
            validate=None if validation is None else partial(_ndcg, validation, choices.chosen),
        )
        for number, num_epochs in enumerate(epochs)
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


def _metrics(ranking: FusedRanking, test: csr_matrix) -> dict[str, dict[str, float]]:
    """Metrics on `test` of popularity, the leak probe, each model, and what is served."""
    if not test.nnz:
        return {}
    choices = ranking.choices
    scorers = {
        "popularity": lambda users: np.broadcast_to(choices.popularity, (len(users), choices.num_bundles)),
        LEAK_PROBE: probe_bundles(choices.bought, choices.contains),
        **ranking.scorers(),
        "served": ranking.score,
    }
    return {
        name: list_metrics(
            rank_lists(score, test, masked=choices.chosen, k=max(_KS), rng=np.random.default_rng(0)), ks=_KS
        )
        for name, score in scorers.items()
    }
