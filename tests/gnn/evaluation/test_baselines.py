from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries
from gnn.evaluation.baselines import fit_co_purchase, fit_user_frequency, with_user_frequency
from tests.gnn.components.test_ease import BASKETS, purchases


def test_the_similarity_is_the_cosine_of_the_items_baskets() -> None:
    similarity = fit_co_purchase(purchases(BASKETS)).similarity.toarray()

    # Items 0 and 1 are in 3 baskets each, 2 of them the same.
    assert similarity[0, 1] == pytest.approx(2 / (3 * 3) ** 0.5)
    assert similarity == pytest.approx(similarity.T)
    assert np.diag(similarity).tolist() == [0, 0, 0, 0]


def test_user_frequency_is_the_share_of_the_users_purchases() -> None:
    counts = csr_matrix(np.array([[3, 0, 1], [0, 0, 0]], dtype=np.float32))
    frequency = fit_user_frequency(replace(purchases(BASKETS), counts=counts))
    queries = CompletionQueries(
        carts=csr_matrix(np.zeros((3, 3), dtype=np.float32)),
        users=np.array([0, 1, -1]),
        hidden=np.zeros(3, dtype=np.int64),
        basket_ids=("a", "b", "c"),
    )

    scores = frequency.score(queries)

    assert scores.tolist() == [[3 / 4, 0, 1 / 4], [0, 0, 0], [0, 0, 0]]
    summed = with_user_frequency(lambda part: np.ones((len(part), 3), dtype=np.float32), frequency)
    assert summed(queries)[0].tolist() == [1 + 5 * 3 / 4, 1, 1 + 5 / 4]
