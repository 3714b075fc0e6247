from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from gnn.scoring.statistics import shrunk_lift, standard_scores


def test_each_row_has_mean_0_and_deviation_1() -> None:
    # 1, 2, 3 lie −1, 0, 1 from their mean, and their variance is (1 + 0 + 1) / 3.
    found = standard_scores(np.array([[1.0, 2.0, 3.0], [10.0, 10.0, 40.0]], dtype=np.float32))

    assert found[0].tolist() == pytest.approx([-1 / sqrt(2 / 3), 0, 1 / sqrt(2 / 3)])
    assert found[1].tolist() == pytest.approx([-10 / sqrt(200), -10 / sqrt(200), 20 / sqrt(200)])


def test_equal_scores_are_0() -> None:
    assert standard_scores(np.full(4, 0.25, dtype=np.float32)).tolist() == [0.0] * 4


def test_no_scores_stay_none() -> None:
    assert standard_scores(np.zeros((3, 0), dtype=np.float32)).shape == (3, 0)


def test_few_baskets_leave_a_lift_near_1_and_none_leave_it_there() -> None:
    observed, expected = np.array([0, 40, 0]), np.array([0.1, 10.0, 0.0])

    assert shrunk_lift(observed, expected) == pytest.approx([5 / 5.1, 45 / 15, 1.0])
