"""Lifts of what was seldom counted."""

from __future__ import annotations

import numpy as np
import pytest

from gnn.scoring.statistics import shrunk_lift


def test_few_baskets_leave_a_lift_near_1_and_none_leave_it_there() -> None:
    observed, expected = np.array([0, 40, 0]), np.array([0.1, 10.0, 0.0])

    assert shrunk_lift(observed, expected) == pytest.approx([5 / 5.1, 45 / 15, 1.0])
