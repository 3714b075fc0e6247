"""The metrics table: every model on the same queries, with slices and paired intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from gnn.data.queries import CompletionQueries
from gnn.evaluation.bootstrap import paired_interval
from gnn.evaluation.metrics import (
    ScoreQueries,
    full_ranking,
    hit_rate_at_k,
    mean_reciprocal_rank,
    ndcg_at_k,
    ndcg_gains,
)

#: Metrics of a row, in the order of the columns.
METRICS = ("hr@10", "hr@20", "hr@50", "ndcg@20", "mrr")

Metrics = dict[str, float]


def rank_all(
    models: Mapping[str, ScoreQueries], queries: CompletionQueries
) -> dict[str, NDArray[np.float64]]:
    """Rank of each query's hidden item, by model."""
    return {name: full_ranking(score, queries) for name, score in models.items()}


def metrics_of(ranks: NDArray[np.float64]) -> Metrics:
    """The row of one model."""
    return {
        "hr@10": hit_rate_at_k(ranks, 10),
        "hr@20": hit_rate_at_k(ranks, 20),
        "hr@50": hit_rate_at_k(ranks, 50),
        "ndcg@20": ndcg_at_k(ranks, 20),
        "mrr": mean_reciprocal_rank(ranks),
    }


def metrics_table(ranks: Mapping[str, NDArray[np.float64]]) -> dict[str, Metrics]:
    """A row a model."""
    return {name: metrics_of(values) for name, values in ranks.items()}


def sliced_tables(
    ranks: Mapping[str, NDArray[np.float64]], slices: Mapping[str, NDArray[np.bool_]]
) -> dict[str, dict[str, object]]:
    """For each slice that has any, how many queries are in it and a row a model."""
    return {
        name: {
            "num_queries": int(is_in.sum()),
            "models": metrics_table({model: values[is_in] for model, values in ranks.items()}),
        }
        for name, is_in in slices.items()
        if is_in.any()
    }


def intervals_against(
    ours: str, ranks: Mapping[str, NDArray[np.float64]], *, rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    """Paired 95 % interval of NDCG@20 of model `ours` minus that of each other model."""
    gains = {name: ndcg_gains(values, 20) for name, values in ranks.items()}
    return {
        name: asdict(paired_interval(gains[ours], theirs, rng=rng))
        for name, theirs in gains.items()
        if name != ours
    }
