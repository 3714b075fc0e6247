from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from gnn.components.bundle_ranking.user_features import FeatureWeights, affinity, unit_rows, user_features
from gnn.data.bundle_choices import BundleChoices


def test_an_item_that_all_bundles_hold_says_nothing() -> None:
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
