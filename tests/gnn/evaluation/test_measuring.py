from __future__ import annotations

import json
from datetime import UTC, date, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries
from gnn.data.training_data import TimeSplit
from gnn.evaluation.leak_probe import LEAK_PROBE
from gnn.evaluation.measuring import (
    METRICS,
    intervals_against,
    leak_warnings,
    measure_models,
    metrics_table,
    sliced_tables,
)
from gnn.evaluation.metrics import ScoreQueries

NUM_QUERIES, NUM_ITEMS = 40, 30
HIDDEN = np.arange(NUM_QUERIES) % NUM_ITEMS
QUERIES = CompletionQueries(
    csr_matrix(np.zeros((NUM_QUERIES, NUM_ITEMS), dtype=np.float32)),
    np.full(NUM_QUERIES, -1),
    HIDDEN,
    tuple(str(row) for row in range(NUM_QUERIES)),
)
SPLIT = TimeSplit(
    date(2026, 11, 1),
    date(2026, 11, 8),
    validation_from=datetime(2026, 11, 1, tzinfo=UTC),
    test_from=datetime(2026, 11, 8, tzinfo=UTC),
)
RANKS = {"ensemble": np.array([1.0, 2.0, 30.0]), "popularity": np.array([60.0, 2.0, 1.0])}


def knows(queries: CompletionQueries) -> NDArray[np.float32]:
    """Scores the hidden item first."""
    return np.eye(NUM_ITEMS, dtype=np.float32)[queries.hidden]


def guesses(queries: CompletionQueries) -> NDArray[np.float32]:
    """Scores the same items first for everyone."""
    return np.tile(np.arange(NUM_ITEMS, dtype=np.float32), (len(queries), 1))


def measured(models: dict[str, ScoreQueries]) -> dict[str, object]:
    return measure_models(
        "find what is hidden",
        models,
        ours="ensemble",
        split=SPLIT,
        validation=QUERIES[:10],
        test=QUERIES,
        slices={"first": np.arange(NUM_QUERIES) == 0, "none": np.zeros(NUM_QUERIES, dtype=bool)},
        popularity=np.linspace(0, 1, NUM_ITEMS),
    )


def test_everything_is_plain_json_and_of_every_model() -> None:
    found = json.loads(json.dumps(measured({"popularity": guesses, "ensemble": knows}), allow_nan=False))

    assert found["test"]["ensemble"]["mrr"] == 1.0
    assert list(found["validation"]) == list(found["exposure"]) == ["popularity", "ensemble"]
    assert found["exposure"]["popularity"]["coverage@20"] == pytest.approx(20 / 30)
    assert list(found["slices"]) == ["first"]
    assert found["served_minus"]["popularity"]["low"] > 0
    assert "leak_probe" not in found


def test_the_protocol_says_how_the_metrics_were_measured() -> None:
    assert measured({"ensemble": knows})["protocol"] == {
        "task": "find what is hidden",
        "validation_from": "2026-11-01",
        "test_from": "2026-11-08",
        "num_ranked": NUM_ITEMS,
        "num_validation_queries": 10,
        "num_test_queries": NUM_QUERIES,
    }


def test_a_probe_that_knows_more_than_the_model_is_a_warning() -> None:
    found = measured({LEAK_PROBE: knows, "ensemble": guesses})

    assert [warning.startswith("the split may leak") for warning in leak_warnings(found)] == [True]


def test_a_probe_that_knows_less_is_none() -> None:
    assert leak_warnings(measured({LEAK_PROBE: guesses, "ensemble": knows})) == []
    assert leak_warnings(measured({"popularity": guesses, "ensemble": knows})) == []


def test_a_table_has_every_metric_of_every_model() -> None:
    table = metrics_table(RANKS)

    assert list(table) == ["ensemble", "popularity"]
    assert tuple(table["ensemble"]) == METRICS
    assert table["ensemble"]["hr@20"] == pytest.approx(2 / 3)
    assert table["popularity"]["hr@50"] == pytest.approx(2 / 3)


def test_a_slice_counts_its_own_queries_alone_and_an_empty_one_is_left_out() -> None:
    tables = sliced_tables(RANKS, {"first": np.array([True, False, False]), "none": np.zeros(3, dtype=bool)})

    assert tables["first"]["num_queries"] == 1
    assert tables["first"]["models"]["ensemble"]["mrr"] == 1.0  # type: ignore[index]  # a table
    assert "none" not in tables


def test_intervals_are_against_every_other_model() -> None:
    intervals = intervals_against("ensemble", RANKS, rng=np.random.default_rng(0))

    assert list(intervals) == ["popularity"]
    assert intervals["popularity"]["low"] <= intervals["popularity"]["difference"] == pytest.approx(0.0)
