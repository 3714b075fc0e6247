"""Metrics of several models on the same queries: tables, slices, exposure, paired intervals, leak check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries
from gnn.data.training_data import TimeSplit
from gnn.evaluation.leak_probe import LEAK_PROBE, check_for_leak
from gnn.evaluation.metrics import (
    Ranking,
    ScoreQueries,
    full_ranking,
    hit_rate_at_k,
    mean_reciprocal_rank,
    ndcg_at_k,
    ndcg_gains,
    paired_interval,
    rank_and_show,
)


def is_cross_category(queries: CompletionQueries, root: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Queries whose hidden item has a level-0 category that no item of the cart has, [num_queries].

    `root` is each ranked item's level-0 category, -1 for none; a query whose hidden item has none is not in
    the slice.
    """
    rows, items = queries.carts.nonzero()
    same = root[items] == root[queries.hidden[rows]]
    in_cart = np.bincount(rows[same], minlength=len(queries)) > 0
    return np.asarray(~in_cart & (root[queries.hidden] >= 0))


def is_new_to_user(queries: CompletionQueries, counts: csr_matrix) -> NDArray[np.bool_]:
    """Queries whose user never bought the hidden item, anonymous baskets included, [num_queries].

    `counts` is the number of purchases by user and ranked item, [num_users, num_ranked].
    """
    is_known = np.zeros(len(queries), dtype=bool)
    has_user = queries.users >= 0
    if has_user.any():  # SciPy returns a matrix, not an empty row, for empty indices.
        bought = counts[queries.users[has_user], queries.hidden[has_user]]
        is_known[has_user] = np.asarray(bought).ravel() > 0
    return ~is_known


def is_cold_item(queries: CompletionQueries, item_baskets: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Queries whose hidden item is in no training basket, [num_queries].

    `item_baskets` is the number of training baskets that hold each ranked item, [num_ranked].
    """
    return np.asarray(item_baskets[queries.hidden] == 0)


def is_cold_user(queries: CompletionQueries, counts: csr_matrix) -> NDArray[np.bool_]:
    """Queries whose user bought nothing before, anonymous baskets included, [num_queries].

    `counts` as in `is_new_to_user`.
    """
    has_bought = np.append(np.diff(counts.indptr) > 0, False)  # The last is for user -1, an anonymous basket.
    return np.asarray(~has_bought[queries.users])


#: How many items of each query count as shown.
SHOWN_K = 20

#: Columns of `exposure_table`, in order.
EXPOSURE_METRICS = (f"coverage@{SHOWN_K}", f"popularity@{SHOWN_K}", f"gini@{SHOWN_K}")


def exposure_table(
    rankings: Mapping[str, Ranking], popularity: NDArray[np.number]
) -> dict[str, dict[str, float]]:
    """The `EXPOSURE_METRICS` of each model over the first `SHOWN_K` items of the queries.

    `popularity` is the share of the training baskets that hold each ranked item, [num_ranked].
    """
    return {
        name: {
            f"coverage@{SHOWN_K}": coverage(ranking.shown[:, :SHOWN_K], len(popularity)),
            f"popularity@{SHOWN_K}": average_popularity(ranking.shown[:, :SHOWN_K], popularity),
            f"gini@{SHOWN_K}": gini(ranking.shown[:, :SHOWN_K], len(popularity)),
        }
        for name, ranking in rankings.items()
    }


def coverage(shown: NDArray[np.integer], num_ranked: int) -> float:
    """Catalogue coverage@K: share of all candidates shown to at least one query (Ge et al. 2010).

    |∪_q top-K(q)| / num_ranked; `shown` as in `Ranking`. 0 where there are no candidates.
    """
    return float((exposures(shown, num_ranked) > 0).mean()) if num_ranked else 0.0


def average_popularity(shown: NDArray[np.integer], popularity: NDArray[np.number]) -> float:
    """Average recommendation popularity@K (Yin et al. 2012): mean of Σ popularity(i) / |shown| over queries.

    `popularity` is [num_ranked], of any unit. Queries with nothing shown are skipped; 0 where none remains.
    """
    is_shown = shown >= 0
    lengths = is_shown.sum(axis=1)
    if not lengths.any():
        return 0.0
    totals = np.where(is_shown, popularity[shown], 0.0).sum(axis=1)
    return float((totals[lengths > 0] / lengths[lengths > 0]).mean())


def gini(shown: NDArray[np.integer], num_ranked: int) -> float:
    """Gini coefficient of the exposure of all candidates (Gini 1912; Fleder & Hosanagar 2009).

    G = Σ_i (2i − n − 1) x_i / (n Σ_i x_i), x_1 ≤ … ≤ x_n how often each of the n candidates is shown.
    0 where all are shown equally often, 1 − 1/n where only one ever is; 0 where nothing is shown.
    """
    times = np.sort(exposures(shown, num_ranked)).astype(np.float64)
    if not times.sum():
        return 0.0
    place = np.arange(1, num_ranked + 1)
    return float(((2 * place - num_ranked - 1) @ times) / (num_ranked * times.sum()))


def exposures(shown: NDArray[np.integer], num_ranked: int) -> NDArray[np.int64]:
    """The number of queries that each candidate is shown to, [num_ranked]."""
    return np.bincount(shown[shown >= 0], minlength=num_ranked).astype(np.int64)


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
