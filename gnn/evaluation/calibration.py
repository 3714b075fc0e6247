"""Calibration: of what is said with a probability, how much is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUM_BINS = 15

_NUM_SAMPLES = 1_000


@dataclass(frozen=True)
class Reliability:
    """Bins of equally many predictions, by ascending probability."""

    confidence: NDArray[np.float64]
    """Mean probability, [num_bins]."""
    frequency: NDArray[np.float64]
    """Share that was so, [num_bins]."""
    count: NDArray[np.int64]
    """Predictions, [num_bins]."""


def reliability(
    probabilities: NDArray[np.float64], is_true: NDArray[np.float64], *, num_bins: int = NUM_BINS
) -> Reliability:
    """The reliability table of `probabilities` [N]; `is_true` [N] is 1 for what was so, else 0.

    Bins differ by one prediction at most; there are fewer of them where there are fewer predictions.
    """
    bins = _bins(probabilities, num_bins)
    count = np.bincount(bins)
    said, so = (np.bincount(bins, values) / count for values in (probabilities, is_true))
    return Reliability(said, so, count)


def expected_calibration_error(table: Reliability) -> float:
    """ECE = Σ n_b / N · |frequency_b - confidence_b| (Naeini, Cooper & Hauskrecht 2015); 0 without bins."""
    gap = np.abs(table.frequency - table.confidence)
    return float((table.count * gap).sum() / max(int(table.count.sum()), 1))


def brier_score(probabilities: NDArray[np.float64], is_true: NDArray[np.float64]) -> float:
    """Mean (p - y)² (Brier 1950): .25 for whoever says .5 of everything. NaN without predictions."""
    return float(np.mean((probabilities - is_true) ** 2)) if len(is_true) else float("nan")


def calibration_metrics(
    probabilities: NDArray[np.float64],
    is_true: NDArray[np.float64],
    query: NDArray[np.int64],
    *,
    rng: np.random.Generator,
) -> dict[str, object]:
    """ECE and Brier score, each with a 95 % interval, and the reliability table, plain JSON.

    Intervals are percentiles of 1,000 samples of queries with replacement (Efron & Tibshirani 1993), since
    predictions of one query depend on each other. A sample's ECE tends to be above that of all: chance gaps
    of its bins do not cancel out. Empty where there are no predictions.

    Args:
        probabilities: [N].
        is_true: 1 for what was so, else 0, [N].
        query: Number of the query that each prediction is of, [N].
        rng: Draws the samples.
    """
    if not len(is_true):
        return {}
    table = reliability(probabilities, is_true)
    bins = _bins(probabilities, NUM_BINS)
    _, cluster = np.unique(query, return_inverse=True)
    sums = _sums(probabilities, is_true, bins, cluster)
    num_queries = sums.shape[1]
    eces, briers = np.empty(_NUM_SAMPLES), np.empty(_NUM_SAMPLES)
    for sample in range(_NUM_SAMPLES):
        drawn = np.bincount(rng.integers(num_queries, size=num_queries), minlength=num_queries)
        said, so, count, squared = np.einsum("sqb,q->sb", sums, drawn)
        eces[sample] = np.abs(so - said).sum() / count.sum()
        briers[sample] = squared.sum() / count.sum()
    low, high = np.percentile(np.stack([eces, briers]), [2.5, 97.5], axis=1)
    return {
        "num_pairs": len(is_true),
        "ece": expected_calibration_error(table),
        "ece_low": float(low[0]),
        "ece_high": float(high[0]),
        "brier": brier_score(probabilities, is_true),
        "brier_low": float(low[1]),
        "brier_high": float(high[1]),
        "bins": [
            {"confidence": float(said), "frequency": float(so), "pairs": int(count)}
            for said, so, count in zip(table.confidence, table.frequency, table.count, strict=True)
        ],
    }


def calibration_sentence(measured: Mapping[str, Any]) -> str:
    """What `gnn.components.link_evaluation.judge_links` measured, for a person."""
    plain = measured["uncalibrated"]
    return (
        f"Links of {measured['num_pairs']:,} test pairs, half of them bought together: "
        f"ECE {measured['ece']:.4f} ({measured['ece_low']:.4f} to {measured['ece_high']:.4f}), "
        f"{plain['ece']:.4f} before calibration; Brier score {measured['brier']:.4f} "
        f"({measured['brier_low']:.4f} to {measured['brier_high']:.4f}), .25 by chance"
    )


def _bins(probabilities: NDArray[np.float64], num_bins: int) -> NDArray[np.int64]:
    """Bin of each prediction, [N]: equally many in each, those of equal probability in their order."""
    bins = np.empty(len(probabilities), dtype=np.int64)
    used = max(min(num_bins, len(probabilities)), 1)
    bins[np.argsort(probabilities, kind="stable")] = np.arange(len(bins)) * used // max(len(bins), 1)
    return bins


def _sums(
    probabilities: NDArray[np.float64],
    is_true: NDArray[np.float64],
    bins: NDArray[np.int64],
    cluster: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Sums of probabilities, truths, predictions and squared errors, [4, num_clusters, num_bins]."""
    shape = 1 + int(cluster.max(initial=-1)), 1 + int(bins.max(initial=-1))
    place = cluster * shape[1] + bins
    values = (probabilities, is_true, np.ones(len(bins)), (probabilities - is_true) ** 2)
    sums = [np.bincount(place, value, minlength=shape[0] * shape[1]) for value in values]
    return np.asarray(np.stack(sums), dtype=np.float64).reshape(4, *shape)
