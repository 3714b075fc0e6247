"""Ranking a shop's bundles: judged on its own past, then fitted to all of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.components.bundle_ranking.fitting import BundleRankingParams, fit_bundle_ranking
from gnn.components.bundle_ranking.packing import pack_bundle_ranking
from gnn.components.bundle_ranking.ranking import BundleRanking
from gnn.data.bundle_choices import bundle_choices, new_choices
from gnn.data.purchases import Purchases, read_purchases
from gnn.data.splits import TimeSplit
from gnn.evaluation.leak_probe import LEAK_PROBE, probe_bundles
from gnn.evaluation.lists import ScoreUsers, list_metrics, rank_lists
from gnn.scoring.bundle_model import BundleModel
from graph.edges import EdgeTables, edge_tables

_KS = (20, 40)


@dataclass(frozen=True)
class RankedBundles:
    """What serving needs, and how good it was."""

    model: BundleModel
    metrics: dict[str, dict[str, float]]
    """By model, on test, over the users who had chosen a bundle before; empty where none chose a new one."""


def rank_bundles(
    tables: Tables,
    edges: EdgeTables,
    purchases: Purchases,
    *,
    split: TimeSplit | None,
    seed: int,
    device: torch.device,
    params: BundleRankingParams | None = None,
) -> RankedBundles:
    """Choose on validation and measure on test, then fit to all choices in `edges` and all `purchases`.

    `purchases` has item indices as columns. Without a split, defaults are fitted and nothing is measured; a
    shop without choices of bundles costs nothing.
    """
    choices = bundle_choices(edges, purchases)
    if not choices.chosen.nnz:
        return RankedBundles(pack_bundle_ranking(BundleRanking.none(choices)), {})
    if split is None:
        ranking = fit_bundle_ranking(choices, seed=seed, device=device, params=params)
        return RankedBundles(pack_bundle_ranking(ranking), {})
    judged, metrics = _judge(tables, split, seed=seed, device=device, params=params)
    ranking = fit_bundle_ranking(choices, seed=seed, device=device, judged=judged, params=params)
    return RankedBundles(pack_bundle_ranking(ranking), metrics)


def _judge(
    tables: Tables, split: TimeSplit, *, seed: int, device: torch.device, params: BundleRankingParams | None
) -> tuple[BundleRanking, dict[str, dict[str, float]]]:
    """The ranking fitted to what is before validation, and its metrics on test."""
    edges = edge_tables(tables, until=split.validation_from)
    choices = bundle_choices(edges, read_purchases(tables, edges, until=split.validation_from))
    judged = fit_bundle_ranking(
        choices,
        seed=seed,
        device=device,
        validation=new_choices(tables, edges, since=split.validation_from, until=split.test_from),
        params=params,
    )
    test = new_choices(tables, edges, since=split.test_from, until=None)
    had_chosen = np.diff(choices.chosen.indptr) > 0
    by_old_choosers = csr_matrix(test.multiply(had_chosen[:, np.newaxis]))
    by_old_choosers.eliminate_zeros()
    return judged, _metrics(judged, by_old_choosers)


def _metrics(judged: BundleRanking, test: csr_matrix) -> dict[str, dict[str, float]]:
    if not test.nnz:
        return {}
    masked = judged.choices.chosen
    return {
        name: list_metrics(
            rank_lists(score, test, masked=masked, k=max(_KS), rng=np.random.default_rng(0)), ks=_KS
        )
        for name, score in _models(judged).items()
    }


def _models(judged: BundleRanking) -> dict[str, ScoreUsers]:
    choices, popularity = judged.choices, judged.choices.popularity
    return {
        "popularity": lambda users: np.broadcast_to(popularity, (len(users), len(popularity))),
        LEAK_PROBE: probe_bundles(choices.bought, choices.contains),
        **judged.models(),
    }
