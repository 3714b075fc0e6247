"""Ablations of the ranking of bundles: one part left out or changed at a time, one seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from scipy.sparse import csr_matrix

from gnn.components.bundle_ranking.fitting import BundleRankingParams, rank_choices
from gnn.components.bundle_ranking.kernel_ease import KernelEaseParams, fit_kernel_ease
from gnn.components.bundle_ranking.ranking import FusedRanking
from gnn.data.bundle_choices import BundleChoices
from gnn.evaluation.lists import ScoreUsers
from gnn.network.bundle_training import ViewParams
from gnn.network.bundle_views import VIEWS

_EASE = KernelEaseParams()
_VIEWS = ViewParams()

CLOSED_FORMS = {
    "kernel EASE": _EASE,
    "kernel EASE without contents in the ridge": replace(_EASE, content=0.0),
    "kernel EASE without affinity": replace(_EASE, features=replace(_EASE.features, affinity=0.0)),
    "kernel EASE without contents of choices": replace(_EASE, features=replace(_EASE.features, contents=0.0)),
    "kernel EASE without neighbours": replace(_EASE, features=replace(_EASE.features, neighbours=0.0)),
}

_WITHOUT_CHOICES = replace(_VIEWS, views=tuple(view for view in VIEWS if view != "choices"))

NETWORKS = {
    "GNN, one seed": _VIEWS,
    "GNN without view of choices": _WITHOUT_CHOICES,
    "GNN without view of purchases": replace(
        _VIEWS, views=tuple(view for view in VIEWS if view != "purchases")
    ),
    "GNN without view of contents": replace(
        _VIEWS, views=tuple(view for view in VIEWS if view != "contents")
    ),
    "GNN trained on edges that are in the graph": replace(_VIEWS, hidden_share=0.0),
    "GNN without averaged parameters": replace(_VIEWS, averaging=0.0),
    "GNN of two layers": replace(_VIEWS, num_layers=2),
    "GNN of no layer": replace(_VIEWS, num_layers=0),
}

#: Whole rankings: a change that helps one network need not help three of them beside a closed form.
RANKINGS = {
    "kernel EASE + GNN": _VIEWS,
    "kernel EASE + GNN without view of choices": _WITHOUT_CHOICES,
}


def ablations(choices: BundleChoices, validation: csr_matrix) -> Iterator[tuple[str, ScoreUsers]]:
    """Name and scores of each ablation, fitted one after the other."""
    for name, ease in CLOSED_FORMS.items():
        yield name, fit_kernel_ease(choices, params=ease).score
    for name, views in NETWORKS.items():
        yield name, _fit(choices, validation, BundleRankingParams(num_seeds=1, views=views)).views[0].score
    for name, views in RANKINGS.items():
        yield name, _fit(choices, validation, BundleRankingParams(views=views)).score


def _fit(choices: BundleChoices, validation: csr_matrix, params: BundleRankingParams) -> FusedRanking:
    return rank_choices(choices, seed=0, device=torch.device("cpu"), validation=validation, params=params)
