from __future__ import annotations

import numpy as np
import pytest

from gnn.evaluation.metrics import Interval, paired_interval


def test_a_constant_difference_has_an_interval_of_no_width() -> None:
    theirs = np.random.default_rng(0).random(100)

    interval = paired_interval(theirs + 0.25, theirs, rng=np.random.default_rng(1))

    assert interval.low == pytest.approx(0.25)
    assert interval.high == pytest.approx(0.25)


def test_the_interval_of_noise_is_as_wide_as_the_normal_approximation_says() -> None:
    differences = np.random.default_rng(0).normal(0.1, 1.0, size=2_000)

    interval = paired_interval(differences, np.zeros(2_000), rng=np.random.default_rng(1))

    assert interval.high - interval.low == pytest.approx(2 * 1.96 * differences.std() / 2_000**0.5, rel=0.1)
    assert interval.low < interval.difference < interval.high


def test_values_of_other_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="the same queries, found 3 and 2"):
        paired_interval(np.ones(3), np.ones(2), rng=np.random.default_rng(0))


def test_no_queries_make_an_interval_of_zeros() -> None:
    assert paired_interval(np.zeros(0), np.zeros(0), rng=np.random.default_rng(0)) == Interval(0.0, 0.0, 0.0)
