"""All that is said of models on a split: tables, slices, exposure, paired intervals and the leak probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from gnn.data.queries import CompletionQueries
from gnn.data.splits import TimeSplit
from gnn.evaluation.exposure import SHOWN_K, exposure_table
from gnn.evaluation.leak_probe import LEAK_PROBE, leak_verdict
from gnn.evaluation.metrics import ScoreQueries, ndcg_gains, rank_and_show
from gnn.evaluation.tables import intervals_against, metrics_table, rank_all, sliced_tables


def measure(
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
    """The metrics that a model keeps, plain JSON; `test` is scored once.

    `task` says what is asked for. `slices` are of `test`; `popularity` is the share of baskets that hold each
    ranked item, [num_ranked]. Where `models` has the row `LEAK_PROBE`, its verdict against the row `ours` is
    `leak_probe`.

    Returns:
        `protocol` (the task, the days, how many items and queries), `ours`, `validation` and `test` (model →
        metric → value), `slices` (those with queries), `exposure` of test, `served_minus` (model → interval
        of `ours` minus it, NDCG@20 on test), `leak_probe`.
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
        "validation": metrics_table(rank_all(models, validation)),
        "test": metrics_table(ranks),
        "slices": sliced_tables(ranks, slices),
        "exposure": exposure_table(rankings, popularity),
        "served_minus": intervals_against(ours, ranks, rng=np.random.default_rng(0)),
    }
    if LEAK_PROBE in ranks:
        gains = {name: ndcg_gains(ranks[name], 20) for name in (LEAK_PROBE, ours)}
        measured["leak_probe"] = asdict(leak_verdict(gains, ours=ours, rng=np.random.default_rng(0)))
    return measured


def leak_warnings(measured: Mapping[str, object]) -> list[str]:
    """The sentence of a leak that `measure` found, if it did."""
    verdict = measured.get("leak_probe")
    return [str(verdict["text"])] if isinstance(verdict, Mapping) and verdict["leaks"] else []
