from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnn.evaluation.calibration import (
    Reliability,
    brier_score,
    calibration_metrics,
    calibration_sentence,
    expected_calibration_error,
    reliability,
)

#: Four pairs of low probability, one of them positive; four of high probability, two of them positive.
PROBABILITIES = np.array([0.1, 0.1, 0.3, 0.3, 0.7, 0.7, 0.9, 0.9])
LABELS = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0])


def test_bins_hold_equally_many_predictions_by_ascending_probability() -> None:
    shuffled = np.array([5, 0, 7, 2, 1, 6, 3, 4])

    table = reliability(PROBABILITIES[shuffled], LABELS[shuffled], num_bins=2)

    assert table.count.tolist() == [4, 4]
    assert table.confidence == pytest.approx([0.2, 0.8])
    assert table.frequency == pytest.approx([1 / 4, 2 / 4])


def test_the_calibration_error_is_the_mean_gap_weighted_by_bins() -> None:
    table = Reliability(np.array([0.2, 0.8]), np.array([1 / 4, 1 / 2]), np.array([4, 12]))

    assert expected_calibration_error(table) == pytest.approx((4 * 0.05 + 12 * 0.3) / 16)


def test_the_brier_score_is_the_mean_squared_error() -> None:
    assert brier_score(np.array([0.5, 0.9]), np.array([1.0, 0.0])) == pytest.approx((0.25 + 0.81) / 2)


def test_metrics_have_intervals_around_what_was_measured() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.uniform(size=6_000)
    labels = (rng.random(6_000) < probabilities).astype(np.float64)

    found = calibration_metrics(probabilities, labels, np.repeat(np.arange(600), 10), rng=rng)

    # E (p - y)² = E p (1 - p) = 1/2 - 1/3 where p is uniform and true.
    assert found["brier_low"] < 1 / 6 < found["brier_high"]  # type: ignore[operator]  # numbers
    assert found["ece_low"] <= found["ece_high"] < 0.05  # type: ignore[operator]  # numbers
    assert len(found["bins"]) == 15  # type: ignore[arg-type]  # a list


def test_predictions_of_one_query_are_drawn_together() -> None:
    # All predictions are of one query: every sample is the whole.
    found = calibration_metrics(
        PROBABILITIES, LABELS, np.zeros(8, dtype=np.int64), rng=np.random.default_rng(0)
    )

    assert found["brier_low"] == found["brier_high"] == pytest.approx(brier_score(PROBABILITIES, LABELS))


def test_nothing_predicted_is_nothing_measured() -> None:
    nothing = np.zeros(0)

    assert calibration_metrics(nothing, nothing, np.zeros(0, np.int64), rng=np.random.default_rng(0)) == {}
    assert expected_calibration_error(reliability(nothing, nothing)) == 0.0


@given(st.integers(1, 40), st.integers(1, 20))
def test_every_prediction_is_in_one_bin_and_errors_stay_within_zero_and_one(num: int, num_bins: int) -> None:
    rng = np.random.default_rng(num)
    probabilities, labels = rng.uniform(size=num), rng.integers(2, size=num).astype(np.float64)

    table = reliability(probabilities, labels, num_bins=num_bins)

    assert table.count.sum() == num
    assert table.count.max() - table.count.min() <= 1
    assert (np.diff(table.confidence) >= 0).all()
    assert 0 <= expected_calibration_error(table) <= 1


def test_the_sentence_says_what_calibration_brought() -> None:
    measured = {
        "num_pairs": 12_000,
        **{
            "ece": 0.01,
            "ece_low": 0.008,
            "ece_high": 0.02,
            "brier": 0.2,
            "brier_low": 0.19,
            "brier_high": 0.21,
        },
        "uncalibrated": {"ece": 0.05, "brier": 0.22},
    }

    assert calibration_sentence(measured).startswith(
        "Links of 12,000 test pairs, half of them bought together: ECE 0.0100 (0.0080 to 0.0200), "
        "0.0500 before calibration; Brier score 0.2000"
    )
