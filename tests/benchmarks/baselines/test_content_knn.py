from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.baselines.content_knn import fit_content_knn


def test_the_score_is_the_cosine_of_tf_idf_weights() -> None:
    knn = fit_content_knn(["red tea", "red mug", "Tea"])

    # "red" and "tea" are in 2 of 3 documents, "mug" in 1.
    common, rare = 1 + np.log(4 / 3), 1 + np.log(4 / 2)
    scores = knn.score_rows(csr_matrix(np.array([[1.0, 0, 0]], dtype=np.float32)))

    red_mug = common**2 / ((2 * common**2) ** 0.5 * (common**2 + rare**2) ** 0.5)
    assert scores[0] == pytest.approx([1, red_mug, 2**-0.5])


def test_a_cart_is_the_mean_of_its_items() -> None:
    knn = fit_content_knn(["red tea", "red mug", "blue mug"])
    both, first, second = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0]], dtype=np.float32)

    alone = knn.score_rows(csr_matrix(np.stack([first, second])))

    assert knn.score_rows(csr_matrix(both[np.newaxis]))[0] == pytest.approx(alone.mean(axis=0))


def test_items_without_words_score_nothing() -> None:
    knn = fit_content_knn(["", "🍵 !!", "红茶 tea"])

    assert knn.score_rows(csr_matrix(np.eye(3, dtype=np.float32))).tolist() == [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, pytest.approx(1)],
    ]


def test_no_items_give_no_scores() -> None:
    assert fit_content_knn([]).score_rows(csr_matrix(np.zeros((0, 0), dtype=np.float32))).shape == (0, 0)
