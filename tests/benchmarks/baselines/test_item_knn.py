from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.baselines.item_knn import fit_bm25_knn, fit_cosine_knn
from tests.gnn.components.test_ease import BASKETS

MATRIX = csr_matrix(BASKETS)


def test_cosine_similarity_is_that_of_the_columns() -> None:
    similarity = fit_cosine_knn(MATRIX).similarity.toarray()

    # Items 0 and 1 are in 3 rows each, 2 of them the same; items 2 and 3 share 1 of 3 and 2.
    assert similarity[0, 1] == pytest.approx(2 / (3 * 3) ** 0.5)
    assert similarity[2, 3] == pytest.approx(1 / (3 * 2) ** 0.5)
    assert np.diag(similarity).tolist() == [0, 0, 0, 0]


def test_the_score_of_a_cart_is_the_sum_of_its_items_similarities() -> None:
    knn = fit_cosine_knn(MATRIX)
    cart = csr_matrix(np.array([[1, 0, 0, 1]], dtype=np.float32))

    assert knn.score_rows(cart)[0] == pytest.approx(knn.similarity.toarray()[[0, 3]].sum(axis=0))


def test_bm25_weighs_short_rows_more_and_popular_items_less() -> None:
    # Items 0 and 1 share the row of two, items 2 and 3 one of four; there are rows without any of them.
    rows = csr_matrix(
        np.array(
            [[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1]], dtype=np.float32
        )
    )

    similarity = fit_bm25_knn(rows, length_share=1.0).similarity.toarray()

    assert similarity[0, 1] > similarity[2, 3]
    assert similarity[2, 3] > similarity[2, 5] > 0  # Item 5 is in two more rows.


def test_only_the_nearest_neighbours_are_kept() -> None:
    similarity = fit_cosine_knn(MATRIX, num_neighbours=1).similarity

    assert np.diff(similarity.indptr).tolist() == [1, 1, 1, 1]
    assert similarity[[0]].indices.tolist() == [1]  # 2/3, against 1/3 and 1/√6


@pytest.mark.parametrize("fit", [fit_cosine_knn, fit_bm25_knn])
def test_nothing_bought_scores_nothing(fit: object) -> None:
    assert callable(fit)
    knn = fit(csr_matrix(np.zeros((3, 4), dtype=np.float32)))

    assert knn.score_rows(MATRIX).tolist() == np.zeros((5, 4)).tolist()


@pytest.mark.parametrize("fit", [fit_cosine_knn, fit_bm25_knn])
def test_one_item_in_every_row_scores_without_nan(fit: object) -> None:
    assert callable(fit)

    assert fit(csr_matrix(np.ones((3, 1), dtype=np.float32))).score_rows(
        csr_matrix(np.ones((1, 1), dtype=np.float32))
    ).tolist() == [[0.0]]
