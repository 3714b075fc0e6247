"""Exposure of the first K items: catalogue coverage, popularity and concentration, whether right or wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gnn.evaluation.metrics import Ranking

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
