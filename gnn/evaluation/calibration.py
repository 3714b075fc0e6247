"""Calibration: how well predicted probabilities agree with observed frequencies."""

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
    """A reliability table: bins of equally many predictions, by ascending probability."""

    confidence: NDArray[np.float64]
    """Mean predicted probability, [num_bins]."""
    frequency: NDArray[np.float64]
    """Observed frequency: share of positive labels, [num_bins]."""
    count: NDArray[np.int64]
    """Number of predictions, [num_bins]."""


def reliability(
    probabilities: NDArray[np.float64], is_true: NDArray[np.float64], *, num_bins: int = NUM_BINS
) -> Reliability:
    """Bin `probabilities` [N] and compare them with the labels `is_true` [N], 1 or 0.

    Bins differ by one prediction at most; there are fewer of them where there are fewer predictions.
    """
    bins = _bins(probabilities, num_bins)
    count = np.bincount(bins)
    confidence, frequency = (np.bincount(bins, values) / count for values in (probabilities, is_true))
    return Reliability(confidence, frequency, count)


def expected_calibration_error(table: Reliability) -> float:
    """ECE = Σ n_b / N · |frequency_b - confidence_b| (Naeini, Cooper & Hauskrecht 2015); 0 without bins."""
    gap = np.abs(table.frequency - table.confidence)
    return float((table.count * gap).sum() / max(int(table.count.sum()), 1))


def brier_score(probabilities: NDArray[np.float64], is_true: NDArray[np.float64]) -> float:
    """Mean (p - y)² (Brier 1950); always predicting .5 gives .25. NaN without predictions."""
    return float(np.mean((probabilities - is_true) ** 2)) if len(is_true) else float("nan")


def calibration_metrics(
    probabilities: NDArray[np.float64],
    is_true: NDArray[np.float64],
    query: NDArray[np.int64],
    *,
    rng: np.random.Generator,
) -> dict[str, object]:
    """ECE and Brier score, each with a 95 % interval, and the reliability table, as plain JSON.

    Intervals are percentiles of 1,000 samples of queries with replacement (Efron & Tibshirani 1993), since
    predictions of one query depend on each other. The ECE of a sample tends to be higher than that of all
    predictions, because the chance gaps of its bins do not cancel out. Empty where there are no predictions.

    Args:
        probabilities: [N].
        is_true: Labels, 1 or 0, [N].
        query: Number of each prediction's query, [N].
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
        predicted, observed, count, squared = np.einsum("sqb,q->sb", sums, drawn)
        eces[sample] = np.abs(observed - predicted).sum() / count.sum()
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
            {"confidence": float(confidence), "frequency": float(frequency), "pairs": int(count)}
            for confidence, frequency, count in zip(
                table.confidence, table.frequency, table.count, strict=True
            )
        ],
    }


def calibration_sentence(measured: Mapping[str, Any]) -> str:
    """One sentence on link calibration: `calibration_metrics` with the `uncalibrated` figures beside them."""
    plain = measured["uncalibrated"]
    return (
        f"Links of {measured['num_pairs']:,} test pairs, half of them bought together: "
        f"ECE {measured['ece']:.4f} ({measured['ece_low']:.4f} to {measured['ece_high']:.4f}), "
        f"{plain['ece']:.4f} before calibration; Brier score {measured['brier']:.4f} "
        f"({measured['brier_low']:.4f} to {measured['brier_high']:.4f}), .25 by chance"
    )


def _bins(probabilities: NDArray[np.float64], num_bins: int) -> NDArray[np.int64]:
    """Bin of each prediction, [N]: equally many in each; ties keep their order."""
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
    """Sums of probabilities, labels, predictions and squared errors, [4, num_clusters, num_bins]."""
    shape = 1 + int(cluster.max(initial=-1)), 1 + int(bins.max(initial=-1))
    place = cluster * shape[1] + bins
    values = (probabilities, is_true, np.ones(len(bins)), (probabilities - is_true) ** 2)
    sums = [np.bincount(place, value, minlength=shape[0] * shape[1]) for value in values]
    return np.asarray(np.stack(sums), dtype=np.float64).reshape(4, *shape)
