from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnn.scoring import containers
from gnn.scoring.containers import Csr, TextColumn

# Row 0 has 2 in column 1 and 3 in column 2; row 1 is empty; row 2 has 5 in column 0.
ROWS = Csr(
    indptr=np.array([0, 2, 2, 3]),
    indices=np.array([1, 2, 0], dtype=np.int32),
    values=np.array([2, 3, 5], dtype=np.float32),
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


def test_empty_rows_and_queries_without_items_are_zeros() -> None:
    assert sums([1], [1.0], [1], num_queries=2) == [[0, 0, 0], [0, 0, 0]]
    assert sums([], [], [], num_queries=1) == [[0, 0, 0]]
    assert ROWS.num_rows == 3


def test_gathering_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    items, weights, queries = [0, 2, 1, 0, 2], [1.0, 2.0, 3.0, 4.0, 5.0], [0, 0, 1, 1, 3]
    at_once = sums(items, weights, queries, num_queries=4)

    monkeypatch.setattr(containers, "_MAX_GATHERED", 1)

    assert sums(items, weights, queries, num_queries=4) == at_once


def test_entries_become_rows_in_their_order() -> None:
    made = Csr.from_entries(np.array([0, 0, 2]), np.array([1, 2, 0]), np.array([2.0, 3.0, 5.0]), num_rows=3)

    assert made.indptr.tolist() == ROWS.indptr.tolist()
    assert made.indices.tolist() == ROWS.indices.tolist()
    assert made.lengths.tolist() == [2, 0, 1]
    assert [made.row(row)[1].tolist() for row in range(3)] == [[2, 3], [], [5]]


def test_rows_are_summed_by_weight() -> None:
    assert ROWS.row_sums(np.array([0, 2]), np.array([1.0, 0.5]), num_columns=3).tolist() == [0.5 * 5, 2, 3]
    assert ROWS.row_sums(np.zeros(0, dtype=int), np.zeros(0), num_columns=3).tolist() == [0, 0, 0]


def test_rows_beyond_the_last_are_empty() -> None:
    assert ROWS.row(7)[0].tolist() == Csr().row(0)[0].tolist() == []


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_texts_and_their_places_survive(texts: list[str]) -> None:
    in_order = sorted(set(texts), key=str.encode)
    column = TextColumn.of(in_order)

    assert list(column) == in_order
    assert [column.find(text) for text in in_order] == list(range(len(in_order)))
    assert column.find("not " + "".join(in_order)) is None


def test_an_empty_column_finds_nothing() -> None:
    column = TextColumn.of([])

    assert len(column) == 0
    assert column.find("a") is None
    assert column.offsets.dtype == np.int64
