from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.bundle_ranking.kernel_ease import (
    FeatureWeights,
    KernelEaseParams,
    affinity,
    fit_kernel_ease,
    unit_rows,
    user_features,
)
from gnn.data.bundle_choices import BundleChoices

ALONE = KernelEaseParams(ridge=2.0, content=0.0, features=FeatureWeights(0.0, 0.0, 0.0))
PARAMS = KernelEaseParams(ridge=2.0, content=0.5, features=FeatureWeights(3.0, 1.0, 0.5))

Planted = tuple[BundleChoices, csr_matrix]


def test_without_contents_and_features_it_is_ease(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    everybody = np.arange(choices.num_users)

    scores = fit_kernel_ease(choices, params=ALONE).score(everybody)

    x = choices.chosen.toarray().astype(np.float64)
    inverse = np.linalg.inv(x.T @ x + 2.0 * np.eye(choices.num_bundles))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    np.testing.assert_allclose(scores, x @ weights, atol=1e-5)


def test_it_is_ease_over_bundles_and_features_as_one_vocabulary(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    everybody = np.arange(choices.num_users)

    scores = fit_kernel_ease(choices, params=PARAMS).score(everybody)

    np.testing.assert_allclose(scores, joint_scores(choices, everybody, everybody), atol=1e-5)


def test_users_beyond_the_limit_are_scored_by_those_that_were_fitted(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    everybody = np.arange(choices.num_users)

    model = fit_kernel_ease(choices, params=PARAMS, max_users=30)

    # All chose 5 bundles: of equals the earlier are fitted.
    np.testing.assert_array_equal(model.users, np.arange(30))
    np.testing.assert_allclose(
        model.score(everybody), joint_scores(choices, np.arange(30), everybody), atol=1e-5
    )


def test_a_bundle_that_was_chosen_is_not_explained_by_itself(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    alone = np.zeros(choices.chosen.shape, dtype=np.float32)
    alone[0, 3] = 1.0

    scores = fit_kernel_ease(replace(choices, chosen=csr_matrix(alone)), params=ALONE).score(np.array([0]))

    np.testing.assert_allclose(scores, np.zeros((1, choices.num_bundles)), atol=1e-6)


@pytest.mark.parametrize("missing", ["bought", "contains"])
def test_what_a_shop_does_not_have_is_left_out(two_tastes: Planted, missing: str) -> None:
    choices, new = two_tastes
    nothing = csr_matrix(getattr(choices, missing).shape, dtype=np.float32)

    scores = fit_kernel_ease(replace(choices, **{missing: nothing})).score(np.arange(choices.num_users))

    others = new.toarray()[:, ::-1] > 0  # Reversed, these are bundles of the other taste.
    assert scores[new.toarray() > 0].mean() > scores[others].mean()


def test_a_user_of_whom_nothing_is_known_scores_zero(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    known = np.ones((choices.num_users, 1), dtype=np.float32)
    known[7] = 0.0
    chosen, bought = (csr_matrix(part.multiply(known)) for part in (choices.chosen, choices.bought))

    scores = fit_kernel_ease(replace(choices, chosen=chosen, bought=bought)).score(np.array([7, 8]))

    assert (scores[0] == 0).all()
    assert (scores[1] != 0).any()


def test_an_item_that_all_bundles_hold_has_no_weight() -> None:
    contains = csr_matrix(np.array([[1, 1, 0], [1, 0, 1]], dtype=np.float32))
    bought = csr_matrix(np.array([[1, 1, 0], [1, 0, 0]], dtype=np.float32))

    scores = affinity(contains, bought)

    np.testing.assert_allclose(scores, [[1.0, 0.0], [0.0, 0.0]], atol=1e-6)


def test_each_kind_of_feature_has_the_squared_length_of_its_weight() -> None:
    contains = csr_matrix(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=np.float32))
    chosen = csr_matrix(np.array([[1, 1, 0]], dtype=np.float32))
    bought = csr_matrix(np.array([[1, 0, 0]], dtype=np.float32))

    features = user_features(
        BundleChoices(chosen, bought, contains), np.array([0]), weights=FeatureWeights(4.0, 2.0, 0.5)
    )

    kernel = np.ones((1, 1))
    features.add_kernel(kernel, features, scale=0.5)
    np.testing.assert_allclose(kernel, [[1 + 0.5 * (4.0 + 2.0 + 0.5)]], rtol=1e-5)


def test_empty_rows_stay_empty() -> None:
    rows = unit_rows(csr_matrix(np.array([[3, 4], [0, 0]], dtype=np.float32)))

    np.testing.assert_allclose(rows.toarray(), [[3 / 5, 4 / 5], [0.0, 0.0]])


def joint_scores(
    choices: BundleChoices, fitted: NDArray[np.int64], scored: NDArray[np.int64]
) -> NDArray[np.float64]:
    """EASE with `PARAMS`, its matrix over all of the vocabulary written out."""

    def rows(users: NDArray[np.int64]) -> NDArray[np.float64]:
        blocks = user_features(choices, users, weights=PARAMS.features).blocks
        dense = [block.toarray() if isinstance(block, csr_matrix) else block for block in blocks]
        return np.hstack([choices.chosen[users].toarray(), *dense]).astype(np.float64)

    num_bundles = choices.num_bundles
    contents = unit_rows(choices.contains)
    ridge = PARAMS.ridge * np.eye(rows(fitted).shape[1])
    ridge[:num_bundles, :num_bundles] += (
        PARAMS.ridge * PARAMS.content * (contents @ contents.T).toarray().astype(np.float64)
    )
    inverse = np.linalg.inv(rows(fitted).T @ rows(fitted) + ridge)[:, :num_bundles]
    weights = -inverse / np.diag(inverse)
    weights[np.diag_indices(num_bundles)] = 0.0
    scores: NDArray[np.float64] = rows(scored) @ weights
    return scores
