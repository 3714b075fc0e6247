"""ALS, BPR and LightGCN on two groups of users who buy apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.baselines.als import fit_als
from benchmarks.baselines.bpr import fit_bpr
from benchmarks.baselines.factors import Factors
from benchmarks.baselines.light_gcn import fit_light_gcn
from gnn.evaluation.baselines import RowScorer

#: Users 0 to 19 buy among items 0 to 4, users 20 to 39 among items 5 to 9, each all but one.
BLOCK = np.ones((20, 5), dtype=np.float32) - np.tile(np.eye(5, dtype=np.float32), (4, 1))
GROUPS = csr_matrix(np.block([[BLOCK, np.zeros_like(BLOCK)], [np.zeros_like(BLOCK), BLOCK]]))


def als(matrix: csr_matrix) -> RowScorer:
    return fit_als(matrix, seed=1, num_factors=4, ridge=0.1)


def bpr(matrix: csr_matrix) -> Factors:
    return fit_bpr(matrix, seed=1, num_factors=4, learning_rate=0.1, num_epochs=200)


def light_gcn(matrix: csr_matrix) -> Factors:
    return fit_light_gcn(matrix, seed=1, embedding_dim=8, max_epochs=40)


def missing_is_first(scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether the one item of the group that a user does not have leads all that are not the user's."""
    masked = np.where(GROUPS.toarray() > 0, -np.inf, scores)
    group = np.arange(40) // 20
    return np.asarray(masked.argmax(axis=1) // 5 == group)


@pytest.mark.parametrize("fit", [als, bpr, light_gcn])
def test_a_row_by_its_columns_alone_gets_the_rest_of_its_group(
    fit: Callable[[csr_matrix], RowScorer],
) -> None:
    scores = fit(GROUPS).score_rows(GROUPS)

    assert scores.dtype == np.float32
    assert missing_is_first(scores).all()


@pytest.mark.parametrize("fit", [bpr, light_gcn])
def test_a_fitted_row_gets_the_rest_of_its_group(fit: Callable[[csr_matrix], Factors]) -> None:
    assert missing_is_first(fit(GROUPS).score_known(np.arange(40))).all()


@pytest.mark.parametrize("fit", [als, bpr, light_gcn])
def test_the_same_seed_gives_the_same_scores(fit: Callable[[csr_matrix], RowScorer]) -> None:
    first, second = (fit(GROUPS).score_rows(GROUPS) for _ in range(2))

    assert np.array_equal(first, second)


@pytest.mark.parametrize("fit", [als, bpr, light_gcn])
def test_no_interactions_give_finite_scores(fit: Callable[[csr_matrix], RowScorer]) -> None:
    scores = fit(csr_matrix(np.zeros((3, 10), dtype=np.float32))).score_rows(GROUPS)

    assert scores.shape == (40, 10)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("fit", [als, bpr, light_gcn])
def test_one_row_and_one_column_give_finite_scores(fit: Callable[[csr_matrix], RowScorer]) -> None:
    one = csr_matrix(np.ones((1, 1), dtype=np.float32))

    assert np.isfinite(fit(one).score_rows(one)).all()


def test_als_solves_the_weighted_least_squares_of_a_row() -> None:
    fitted = fit_als(GROUPS, seed=1, num_factors=3, ridge=0.5, confidence=4.0)
    columns = np.asarray(fitted.model.item_factors, dtype=np.float64)
    row = GROUPS[[7]].toarray()[0]

    confidence = 1 + (4.0 - 1) * row  # `implicit` weighs items not bought by 1, others by c · value.
    normal = columns.T @ (confidence[:, np.newaxis] * columns) + 0.5 * np.eye(3)
    expected = columns @ np.linalg.solve(normal, columns.T @ (confidence * row))

    assert fitted.score_rows(GROUPS[[7]])[0] == pytest.approx(expected, abs=1e-4)


def test_light_gcn_returns_the_epoch_that_validates_best() -> None:
    checked: list[Factors] = []

    def worse_and_worse(model: Factors) -> float:
        checked.append(model)
        return -float(len(checked))

    best = fit_light_gcn(GROUPS, seed=1, embedding_dim=4, max_epochs=200, validate=worse_and_worse)

    assert best is checked[0]
    assert len(checked) == 3  # Two checks in a row that were no better end it.


def test_light_gcn_refuses_a_validation_that_gives_no_number() -> None:
    with pytest.raises(ValueError, match="expected validate to give a number"):
        fit_light_gcn(GROUPS, seed=1, embedding_dim=4, validate=lambda model: float("nan"))


def test_a_folded_light_gcn_row_has_the_vector_of_a_fitted_one_less_its_own() -> None:
    fitted = fit_light_gcn(GROUPS, seed=1, embedding_dim=4, num_layers=1, max_epochs=20)

    # With one layer a row is (e_u + Σ_j e_j / √(n d_j)) / 2: users with equal columns differ by e_u alone,
    # and the four copies of a user share the rest.
    folded = (GROUPS @ fitted.fold_in) / 4**0.5

    assert folded[0] == pytest.approx(folded[5])
    assert fitted.score_rows(GROUPS[[0]])[0] == pytest.approx(folded[0] @ fitted.columns.T, abs=1e-5)
