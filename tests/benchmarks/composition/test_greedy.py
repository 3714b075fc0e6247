from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.composition.anchored import AnchoredBaskets
from benchmarks.composition.greedy import at_once, greedily
from gnn.data.queries import CompletionQueries

#: Score that each item of the cart adds to each other: 0 leads to 1 and a little to 2, 1 leads to 3.
LEADS = np.array([[0, 3, 2, 0, 0], [0, 0, 0, 5, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]])
BASKETS = AnchoredBaskets(np.array([0, 0]), np.array([7, -1]), csr_matrix((2, 5)), np.array([2, 3]))


def score(queries: CompletionQueries) -> NDArray[np.float32]:
    return np.asarray(queries.carts @ LEADS, dtype=np.float32)


def test_each_item_is_the_best_beside_what_the_bundle_holds_then() -> None:
    # Beside 0: 1. Beside 0 and 1: 3, by 5 to 2. Beside all three: 2, by 2 to 1.
    assert greedily(score)(BASKETS).tolist() == [[1, 3, -1], [1, 3, 2]]


def test_a_ranking_scores_for_the_anchor_alone() -> None:
    assert at_once(score)(BASKETS).tolist() == [[1, 2, -1], [1, 2, 3]]


def test_the_score_knows_the_user() -> None:
    def by_user(queries: CompletionQueries) -> NDArray[np.float32]:
        wanted = np.where(queries.users == 7, 4, 2)
        return np.asarray(np.arange(5) == wanted[:, None], dtype=np.float32)

    assert greedily(by_user)(BASKETS)[:, 0].tolist() == [4, 2]
