from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.ease import Ease, ExactEase, LargeEase, fit_ease
from gnn.data.purchases import Purchases, UserEvents

BASKETS = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]], dtype=np.float32)


def purchases(baskets: NDArray[np.float32], age: NDArray[np.float64] | None = None) -> Purchases:
    nobody = csr_matrix(np.zeros((0, baskets.shape[1]), dtype=np.float32))
    return Purchases(
        lines=csr_matrix(baskets),
        basket_user=np.full(len(baskets), -1),
        basket_age=np.zeros(len(baskets)) if age is None else age,
        counts=nobody,
        events=UserEvents(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)),
        as_of=datetime(2024, 1, 1, tzinfo=UTC),
    )


def exact(ease: Ease) -> NDArray[np.float32]:
    """B of an exact fit."""
    assert isinstance(ease, ExactEase)
    return ease.weights


def test_each_column_is_the_ridge_regression_on_the_other_items() -> None:
    weights = exact(fit_ease(purchases(BASKETS), ridge=0.5))

    shift = 0.5 * BASKETS.sum() / 4
    for item in range(4):
        others = np.delete(BASKETS, item, axis=1)
        expected = np.linalg.solve(others.T @ others + shift * np.eye(3), others.T @ BASKETS[:, item])
        assert np.delete(weights[:, item], item) == pytest.approx(expected, abs=1e-5)
        assert weights[item, item] == 0.0


def test_a_weight_of_two_equals_a_basket_that_is_there_twice() -> None:
    age_weeks = np.array([10.0, 0, 0, 0, 0])
    halved = np.concatenate([BASKETS[:1], np.repeat(BASKETS[1:], 2, axis=0)])

    by_age = fit_ease(purchases(BASKETS, 7 * age_weeks), ridge=0.5, half_life_weeks=10.0)
    by_copies = fit_ease(purchases(halved), ridge=0.5)

    assert exact(by_age) == pytest.approx(exact(by_copies), abs=1e-5)


def test_a_larger_basket_weighs_less_where_a_size_power_is_given() -> None:
    without = fit_ease(purchases(BASKETS[[0, 3]]), ridge=0.5)
    powered = fit_ease(purchases(BASKETS[[0, 3]]), ridge=0.5, size_power=1.0)

    assert exact(powered) == pytest.approx(exact(without), abs=1e-5)  # equal sizes: λ follows the scale
    assert not np.allclose(
        exact(fit_ease(purchases(BASKETS), ridge=0.5, size_power=1.0)),
        exact(fit_ease(purchases(BASKETS), ridge=0.5)),
    )


def test_top_keeps_the_largest_positive_weights_of_each_row() -> None:
    weights = np.array([[0, 3, -1, 2], [1, 0, 0, 0], [-1, -2, 0, -3], [4, 5, 6, 0]], dtype=np.float32)
    ease = ExactEase(weights)

    assert ease.top(2).toarray().tolist() == [[0, 3, 0, 2], [1, 0, 0, 0], [0, 0, 0, 0], [0, 5, 6, 0]]
    assert ease.top(0).nnz == 0
    assert ease.top(100).nnz == 6


def test_the_form_is_chosen_by_size(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    assert isinstance(fit_ease(purchases(BASKETS), ridge=0.5, max_exact=4), ExactEase)
    assert isinstance(fit_ease(purchases(BASKETS), ridge=0.5, max_exact=3, num_head=2), LargeEase)

    assert caplog.messages == [
        "EASE over 4 items: exact",
        "EASE over 4 items: exact for the 2 most popular",
    ]


def test_items_that_nobody_bought_have_finite_weights() -> None:
    assert np.isfinite(exact(fit_ease(purchases(np.zeros((2, 3), np.float32)), ridge=0.5))).all()
    assert exact(fit_ease(purchases(np.zeros((0, 0), np.float32)), ridge=0.5)).shape == (0, 0)
