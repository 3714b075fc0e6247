from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries, NextItemQueries, item_queries, item_sets
from gnn.scoring.sequences import Sequences

#: Item index of each of three ranked items.
RANKED = np.array([10, 11, 12], dtype=np.int32)


def test_carts_and_users_reach_the_scorer_as_item_indices() -> None:
    queries = CompletionQueries(
        csr_matrix(np.array([[1, 0, 1], [0, 0, 0]], dtype=np.float32)),
        np.array([4, -1]),
        np.array([1, 1]),
        ("a", "b"),
    )

    found = item_queries(queries, RANKED)

    assert [(list(query.cart), query.user_index) for query in found] == [([10, 12], 4), ([], None)]
    assert all(query.events is None and not query.recent for query in found)


def test_a_history_reaches_the_scorer_in_its_order_and_with_its_ages() -> None:
    histories = Sequences(
        indptr=np.array([0, 3, 3, 4]),
        item=np.array([2, 0, 2, 1], dtype=np.int32),
        age_days=np.array([9.0, 3.0, 1.0, 0.5], dtype=np.float32),
    )
    queries = NextItemQueries(
        item_sets(histories, num_ranked=3),
        np.array([5, 6, 7]),
        np.array([1, 0, 0]),
        ("",) * 3,
        histories=histories,
    )

    found = item_queries(queries, RANKED)

    events = [query.events for query in found if query.events is not None]
    assert [items.tolist() for items, _ in events] == [[12, 10, 12], [], [11]]
    assert [ages.tolist() for _, ages in events] == [[9, 3, 1], [], [0.5]]
    # The history is as old as the query, so that of the user in the artifact must not be read.
    assert all(query.user_index is None and not query.cart for query in found)


@pytest.mark.parametrize("is_sequence", [False, True])
def test_no_queries_stay_none(is_sequence: bool) -> None:
    nothing = Sequences(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    carts, indices = item_sets(nothing, num_ranked=3), np.zeros(0, np.int64)
    queries = (
        NextItemQueries(carts, indices, indices, (), histories=nothing)
        if is_sequence
        else CompletionQueries(carts, indices, indices, ())
    )

    assert item_queries(queries, RANKED) == []
