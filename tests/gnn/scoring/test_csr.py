from __future__ import annotations

import numpy as np
import pytest

from gnn.scoring import csr as sparse_rows
from gnn.scoring.csr import SparseRows

# Row 0 says 2 of item 1 and 3 of item 2; row 1 says nothing; row 2 says 5 of item 0.
ROWS = SparseRows(
    indptr=np.array([0, 2, 2, 3]),
    item=np.array([1, 2, 0], dtype=np.int32),
    weight=np.array([2, 3, 5], dtype=np.float32),
)


def sums(
    items: list[int], weights: list[float], queries: list[int], *, num_queries: int
) -> list[list[float]]:
    found = ROWS.weighted_sums(
        np.array(items, dtype=np.int64),
        weights=np.array(weights),
        queries=np.array(queries, dtype=np.int64),
        num_queries=num_queries,
    )
    return [list(map(float, row)) for row in found]


def test_each_query_sums_the_rows_of_its_items_by_their_weights() -> None:
    found = sums([0, 2, 0], [1.0, 0.5, 10.0], [0, 0, 2], num_queries=3)

    assert found == [[0.5 * 5, 2, 3], [0, 0, 0], [0, 10 * 2, 10 * 3]]


def test_items_that_say_nothing_and_queries_without_items_are_zeros() -> None:
    assert sums([1], [1.0], [1], num_queries=2) == [[0, 0, 0], [0, 0, 0]]
    assert sums([], [], [], num_queries=1) == [[0, 0, 0]]
    assert ROWS.num_ranked == 3


def test_gathering_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    items, weights, queries = [0, 2, 1, 0, 2], [1.0, 2.0, 3.0, 4.0, 5.0], [0, 0, 1, 1, 3]
    at_once = sums(items, weights, queries, num_queries=4)

    monkeypatch.setattr(sparse_rows, "_MAX_GATHERED", 1)

    assert sums(items, weights, queries, num_queries=4) == at_once
