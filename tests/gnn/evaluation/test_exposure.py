from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gnn.evaluation.measuring import (
    EXPOSURE_METRICS,
    average_popularity,
    coverage,
    exposure_table,
    gini,
)
from gnn.evaluation.metrics import Ranking

# Of items 0 to 3, item 0 is shown three times, items 1 and 2 once.
SHOWN = np.array([[0, 1], [0, 2], [0, -1]], dtype=np.int32)
POPULARITY = np.array([0.5, 0.1, 0.3, 0.9])


@st.composite
def shown_lists(draw: st.DrawFn) -> tuple[NDArray[np.int64], int]:
    num_items = draw(st.integers(1, 40))
    made = np.random.default_rng(draw(st.integers(0, 10_000)))
    k = min(draw(st.integers(1, 10)), num_items)
    rows = [made.permutation(num_items)[:k] for _ in range(draw(st.integers(1, 15)))]
    return np.array(rows, dtype=np.int64), num_items


def test_coverage_is_the_share_of_items_that_anyone_is_shown() -> None:
    assert coverage(SHOWN, 4) == 3 / 4


def test_average_popularity_is_the_mean_over_queries_of_what_they_are_shown() -> None:
    expected = ((0.5 + 0.1) / 2 + (0.5 + 0.3) / 2 + 0.5) / 3

    assert average_popularity(SHOWN, POPULARITY) == pytest.approx(expected)


def test_gini_equals_what_a_hand_counts() -> None:
    # Sorted exposures 0, 1, 1, 3: ((2 − 5)·0 + (4 − 5)·1 + (6 − 5)·1 + (8 − 5)·3) / (4 · 5).
    assert gini(SHOWN, 4) == pytest.approx(9 / 20)


def test_gini_is_nought_for_equal_shares_and_largest_for_one_item() -> None:
    assert gini(np.arange(6).reshape(3, 2), 6) == pytest.approx(0)
    assert gini(np.zeros((5, 1), dtype=np.int64), 10) == pytest.approx(1 - 1 / 10)


def test_where_nothing_is_shown_all_are_nought() -> None:
    nothing = np.full((2, 3), -1)

    assert coverage(nothing, 4) == average_popularity(nothing, POPULARITY) == gini(nothing, 4) == 0
    assert coverage(np.zeros((0, 3), dtype=np.int64), 0) == gini(np.zeros((0, 3), dtype=np.int64), 0) == 0


@given(shown_lists())
def test_coverage_and_gini_lie_between_zero_and_one(case: tuple[NDArray[np.int64], int]) -> None:
    shown, num_items = case

    assert 0 < coverage(shown, num_items) <= 1
    assert -1e-12 <= gini(shown, num_items) < 1


@given(shown_lists())
def test_gini_equals_the_mean_difference_of_all_pairs(case: tuple[NDArray[np.int64], int]) -> None:
    shown, num_items = case
    times = np.bincount(shown.ravel(), minlength=num_items).astype(float)

    # Its other definition (Gini 1912): half the relative mean absolute difference.
    differences = np.abs(times[:, np.newaxis] - times[np.newaxis]).mean()

    assert gini(shown, num_items) == pytest.approx(differences / (2 * times.mean()), abs=1e-12)


def test_the_table_has_a_row_a_model() -> None:
    rankings = {"popularity": Ranking(np.ones(3), SHOWN), "ensemble": Ranking(np.ones(3), SHOWN[:, ::-1])}

    table = exposure_table(rankings, POPULARITY)

    assert list(table) == ["popularity", "ensemble"]
    assert tuple(table["ensemble"]) == EXPOSURE_METRICS
    assert table["ensemble"]["coverage@20"] == 3 / 4
