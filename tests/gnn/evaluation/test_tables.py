from __future__ import annotations

import numpy as np
import pytest

from gnn.evaluation.tables import METRICS, intervals_against, metrics_table, sliced_tables

RANKS = {"blend": np.array([1.0, 2.0, 30.0]), "popularity": np.array([60.0, 2.0, 1.0])}


def test_a_table_has_every_metric_of_every_model() -> None:
    table = metrics_table(RANKS)

    assert list(table) == ["blend", "popularity"]
    assert tuple(table["blend"]) == METRICS
    assert table["blend"]["hr@20"] == pytest.approx(2 / 3)
    assert table["popularity"]["hr@50"] == pytest.approx(2 / 3)


def test_a_slice_counts_its_own_queries_alone_and_an_empty_one_is_left_out() -> None:
    tables = sliced_tables(RANKS, {"first": np.array([True, False, False]), "none": np.zeros(3, dtype=bool)})

    assert tables["first"]["num_queries"] == 1
    assert tables["first"]["models"]["blend"]["mrr"] == 1.0  # type: ignore[index]  # a table
    assert "none" not in tables


def test_intervals_are_against_every_other_model() -> None:
    intervals = intervals_against("blend", RANKS, rng=np.random.default_rng(0))

    assert list(intervals) == ["popularity"]
    assert intervals["popularity"]["low"] <= intervals["popularity"]["difference"] == pytest.approx(0.0)
