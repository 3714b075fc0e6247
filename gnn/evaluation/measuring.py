"""Metrics of several models on the same queries: tables, slices, exposure, paired intervals, leak check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from gnn.data.queries import CompletionQueries
from gnn.data.splits import TimeSplit
from gnn.evaluation.bootstrap import paired_interval
from gnn.evaluation.exposure import SHOWN_K, exposure_table
from gnn.evaluation.leak_probe import LEAK_PROBE, check_for_leak
from gnn.evaluation.metrics import (
    ScoreQueries,
    full_ranking,
    hit_rate_at_k,
    mean_reciprocal_rank,
    ndcg_at_k,
    ndcg_gains,
    rank_and_show,
)

#: Metrics of a row, in the order of the columns.
METRICS = ("hr@10", "hr@20", "hr@50", "ndcg@20", "mrr")

#: Model → ranks of the hidden items, [num_queries].
Ranks = Mapping[str, NDArray[np.float64]]


def measure_models(
    task: str,
    models: Mapping[str, ScoreQueries],
    *,
    ours: str,
    split: TimeSplit,
    validation: CompletionQueries,
    test: CompletionQueries,
    slices: Mapping[str, NDArray[np.bool_]],
    popularity: NDArray[np.number],
) -> dict[str, object]:
    """The metrics that an artifact keeps, as plain JSON; `test` is scored once.

    Args:
        task: What is to be predicted, in one sentence.
        models: Score functions by name; with `LEAK_PROBE` among them, `ours` is checked against it.
        ours: Name of the model that the others are compared with.
        split: Days of the windows, for `protocol`.
        validation: Queries of the validation window.
        test: Queries of the test window.
        slices: Masks of `test` by name, [num_test_queries].
        popularity: Share of the baskets that hold each ranked item, [num_ranked].

    Returns:
        `protocol` (task, days, counts of items and queries), `ours`, `validation` and `test` (model → metric
        → value), `slices` (those with queries), `exposure` of test, `served_minus` (model → interval of
        `ours` minus it, NDCG@20 on test), `leak_probe`.
    """
    rankings = {name: rank_and_show(score, test, k=SHOWN_K) for name, score in models.items()}
    ranks = {name: ranking.ranks for name, ranking in rankings.items()}
    measured: dict[str, object] = {
        "protocol": {
            "task": task,
            "validation_from": split.validation_day.isoformat(),
            "test_from": split.test_day.isoformat(),
            "num_ranked": len(popularity),
            "num_validation_queries": len(validation),
            "num_test_queries": len(test),
        },
        "ours": ours,
        "validation": metrics_table(
            {name: full_ranking(score, validation) for name, score in models.items()}
        ),
        "test": metrics_table(ranks),
        "slices": sliced_tables(ranks, slices),
        "exposure": exposure_table(rankings, popularity),
        "served_minus": intervals_against(ours, ranks, rng=np.random.default_rng(0)),
    }
    if LEAK_PROBE in ranks:
        gains = {name: ndcg_gains(ranks[name], 20) for name in (LEAK_PROBE, ours)}
        measured["leak_probe"] = asdict(check_for_leak(gains, ours=ours, rng=np.random.default_rng(0)))
    return measured


def leak_warnings(measured: Mapping[str, object]) -> list[str]:
    """The text of the leak check in the metrics of `measure_models`, where it found a leak."""
    check = measured.get("leak_probe")
    return [str(check["text"])] if isinstance(check, Mapping) and check["leaks"] else []


def metrics_of(ranks: NDArray[np.float64]) -> dict[str, float]:
    """The `METRICS` of one model."""
    return {
        "hr@10": hit_rate_at_k(ranks, 10),
        "hr@20": hit_rate_at_k(ranks, 20),
        "hr@50": hit_rate_at_k(ranks, 50),
        "ndcg@20": ndcg_at_k(ranks, 20),
        "mrr": mean_reciprocal_rank(ranks),
    }


def metrics_table(ranks: Ranks) -> dict[str, dict[str, float]]:
    """The `METRICS` of each model."""
    return {name: metrics_of(values) for name, values in ranks.items()}


def sliced_tables(ranks: Ranks, slices: Mapping[str, NDArray[np.bool_]]) -> dict[str, dict[str, object]]:
    """`num_queries` and the metrics table (`models`) of each slice that has queries."""
    return {
        name: {
            "num_queries": int(is_in.sum()),
            "models": metrics_table({model: values[is_in] for model, values in ranks.items()}),
        }
        for name, is_in in slices.items()
        if is_in.any()
    }


def intervals_against(ours: str, ranks: Ranks, *, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """Paired 95 % intervals of NDCG@20: model `ours` minus each other model."""
    gains = {name: ndcg_gains(values, 20) for name, values in ranks.items()}
    return {
        name: asdict(paired_interval(gains[ours], theirs, rng=rng))
        for name, theirs in gains.items()
        if name != ours
    }
