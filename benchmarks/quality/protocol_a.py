"""Protocol A: rank all bundles of Youshu for users, full ranking; bundles chosen before are masked.

The bundles are ranked by the code that `bundlegraph train` runs, on an ordinary export.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_matrix

from benchmarks.exports.youshu import TEST_FROM, VALIDATION_FROM, write_youshu
from benchmarks.quality.bundle_ablations import ablations
from benchmarks.quality.bundle_baselines import closed_forms, drawn_baselines
from benchmarks.quality.options import Options
from benchmarks.quality.report import ProtocolReport, gather, ours_minus
from etl.ingest import IngestOptions, ingest
from gnn.components.bundle_ranking.fitting import rank_choices
from gnn.components.bundle_ranking.ranking import FusedRanking
from gnn.data.bundle_choices import BundleChoices, bundle_choices, new_choices
from gnn.data.purchases import read_purchases
from gnn.evaluation.leak_probe import LEAK_PROBE, check_for_leak, probe_bundles
from gnn.evaluation.lists import (
    ScoreUsers,
    TopLists,
    list_metrics,
    ndcgs_at_k,
    rank_lists,
    recalls_at_k,
)
from graph.edges import edge_tables

METRICS = ("recall@20", "ndcg@20", "recall@40", "ndcg@40")

OURS = "kernel EASE + GNN"
_GNN = "GNN, 3 seeds summed"


@dataclass(frozen=True)
class Split:
    """The choices to learn from, and the new choices to predict."""

    choices: BundleChoices
    validation: csr_matrix
    """New choices, [num_users, num_bundles], as `test`."""
    test: csr_matrix


def run(options: Options) -> ProtocolReport:
    """Every seed on the same split; ablations with one seed, on validation."""
    split = read_split(options)
    fixed = {} if options.baselines == "none" else closed_forms(split.choices)
    has_all = options.baselines == "all"
    fixed[LEAK_PROBE] = probe_bundles(split.choices.bought, split.choices.contains)
    fixed_lists = _rank_all(fixed, split.choices, split.test)
    tests, validations, seconds, lists = [], [], [], fixed_lists
    for seed in range(options.seeds):
        started = time.perf_counter()
        models = drawn_baselines(split.choices, split.validation, seed=seed) if has_all else {}
        models |= ours(fit(split, seed=seed))
        seconds.append(time.perf_counter() - started)
        drawn_lists = _rank_all(models, split.choices, split.test)
        if seed == 0:
            lists = fixed_lists | drawn_lists
        tests.append(_metrics(fixed_lists | drawn_lists))
        validations.append(_metrics(_rank_all(fixed | models, split.choices, split.validation)))
    ndcg = {name: ndcgs_at_k(found, 20) for name, found in lists.items()}
    recall = {name: recalls_at_k(found, 20) for name, found in lists.items()}
    return ProtocolReport(
        protocol="A",
        title="ranking bundles for users",
        measures=(
            f"All {split.choices.num_bundles} bundles are ranked for each of {len(lists[OURS].users)} users, "
            "those that the user chose in the training part masked. Recall divides by all relevant bundles."
        ),
        metrics=METRICS,
        ours=OURS,
        models=gather(tests),
        seeds=options.seeds,
        seconds=seconds,
        validation=gather(validations),
        intervals={"recall@20": ours_minus(recall, ours=OURS), "ndcg@20": ours_minus(ndcg, ours=OURS)},
        targets={
            f"{OURS}/recall@20": 0.297,
            f"{OURS}/ndcg@20": 0.180,
            f"{_GNN}/recall@20": 0.285,
            f"{_GNN}/ndcg@20": 0.170,
        },
        ablations={
            name: {metric: [value] for metric, value in row.items()}
            for name, row in _metrics(ablation_lists(split) if has_all else {}).items()
        },
        notes=[check_for_leak(ndcg, ours=OURS, rng=np.random.default_rng(0)).text],
    )


def read_split(options: Options) -> Split:
    """The public split, through an export, the product's ETL and its edge tables."""
    export = options.scratch / "youshu"
    write_youshu(options.dataset("youshu"), export)
    tables = ingest(str(export), options.home, options=IngestOptions(replace=True)).tables
    edges = edge_tables(tables, until=VALIDATION_FROM)
    purchases = read_purchases(tables, edges, until=VALIDATION_FROM)
    return Split(
        choices=bundle_choices(edges, purchases),
        validation=new_choices(tables, edges, since=VALIDATION_FROM, until=TEST_FROM),
        test=new_choices(tables, edges, since=TEST_FROM, until=None),
    )


def fit(split: Split, *, seed: int) -> FusedRanking:
    """The product's ranking; each network of a run has a seed of its own, and no two runs share one."""
    return rank_choices(
        split.choices, seed=seed * 1_000, device=torch.device("cpu"), validation=split.validation
    )


def ours(ranking: FusedRanking) -> dict[str, ScoreUsers]:
    """The rows of `ranking`: each model alone, and the weighted sum that is served."""
    models = ranking.scorers()
    return {
        "kernel EASE": models["kernel_ease"],
        "GNN, one seed": ranking.views[0].score,
        _GNN: models["gnn"],
        OURS: ranking.score,
    }


def ablation_lists(split: Split) -> dict[str, TopLists]:
    """Validation lists of each ablation."""
    return {
        name: rank(score, split.choices, split.validation)
        for name, score in ablations(split.choices, split.validation)
    }


def rank(score: ScoreUsers, choices: BundleChoices, relevant: csr_matrix) -> TopLists:
    """The first 40 bundles for each user with a relevant one."""
    return rank_lists(score, relevant, masked=choices.chosen, k=40, rng=np.random.default_rng(0))


def _rank_all(
    models: Mapping[str, ScoreUsers], choices: BundleChoices, relevant: csr_matrix
) -> dict[str, TopLists]:
    return {name: rank(score, choices, relevant) for name, score in models.items()}


def _metrics(lists: Mapping[str, TopLists]) -> dict[str, dict[str, float]]:
    return {name: list_metrics(found, ks=(20, 40)) for name, found in lists.items()}
