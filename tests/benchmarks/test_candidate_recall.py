from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.quality.candidate_recall import FIRST_STAGE, by_category, recall_table
from gnn.data.queries import CompletionQueries


def test_a_source_has_its_recall_and_the_share_that_the_first_stage_misses() -> None:
    ranks = {
        "content": np.array([50.0, 51.0, 200.0, 201.0]),
        FIRST_STAGE: np.array([201.0, 1.0, 200.0, 3.0]),
    }

    *_, content, first_stage = recall_table(ranks)

    assert content == f"| content | {1 / 4:.4f} | {3 / 4:.4f} | {1 / 4:.4f} |"
    assert first_stage == f"| first stage | {2 / 4:.4f} | {3 / 4:.4f} | {0:.4f} |"


def test_items_of_the_carts_categories_come_first_the_most_bought_of_them_before_others() -> None:
    carts = csr_matrix(np.array([[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=np.float32))
    queries = CompletionQueries(carts, np.array([-1, -1]), np.array([1, 1]), ("b1", "b2"))
    popularity = np.array([1, 2, 3, 9, 4], dtype=np.float32)

    scores = by_category(np.array([0, 0, 0, 1, -1]), popularity)(queries)

    assert np.argsort(-scores[0]).tolist() == [2, 1, 0, 3, 4]
    # Nothing is known of the second cart's item: popularity alone.
    assert np.argsort(-scores[1]).tolist() == [3, 4, 2, 1, 0]
