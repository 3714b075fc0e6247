"""Baselines of protocol A: models that see users and bundles alone, not the items."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.baselines.als import fit_als
from benchmarks.baselines.bpr import fit_bpr
from benchmarks.baselines.factors import Factors
from benchmarks.baselines.item_knn import fit_cosine_knn
from benchmarks.baselines.light_gcn import fit_light_gcn
from gnn.components.bundle_ranking.kernel_ease import FeatureWeights, KernelEaseParams, fit_kernel_ease
from gnn.data.bundle_choices import BundleChoices
from gnn.evaluation.lists import ScoreUsers, ndcgs_at_k, rank_lists

#: EASE by itself: no contents, no features.
EASE_ALONE = KernelEaseParams(ridge=300.0, content=0.0, features=FeatureWeights(0.0, 0.0, 0.0))


def closed_forms(choices: BundleChoices) -> dict[str, ScoreUsers]:
    """Baselines that draw nothing."""
    chosen, popularity = choices.chosen, choices.popularity
    knn = fit_cosine_knn(chosen)
    return {
        "popularity": lambda users: np.broadcast_to(popularity, (len(users), len(popularity))),
        "bundle-kNN, cosine": lambda users: knn.score_rows(chosen[users]),
        "EASE": fit_kernel_ease(choices, params=EASE_ALONE).score,
    }


def drawn_baselines(choices: BundleChoices, validation: csr_matrix, *, seed: int) -> dict[str, ScoreUsers]:
    """Baselines that depend on a seed; LightGCN's epoch is chosen on `validation`."""

    def validate(factors: Factors) -> float:
        lists = rank_lists(
            factors.score_known, validation, masked=choices.chosen, k=20, rng=np.random.default_rng(0)
        )
        return float(ndcgs_at_k(lists, 20).mean())

    als = fit_als(choices.chosen, seed=seed)
    return {
        "ALS": lambda users: als.score_rows(choices.chosen[users]),
        "BPR": fit_bpr(choices.chosen, seed=seed).score_known,
        "LightGCN": fit_light_gcn(choices.chosen, seed=seed, validate=validate).score_known,
    }
