from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from etl.ingest import IngestOptions, ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.tables import Tables
from gnn.components.bundle_ranking.fitting import BundleRankingParams
from gnn.components.bundle_ranking.shop import rank_bundles
from gnn.config import STANDARD
from gnn.data.bundle_choices import BundleChoices
from gnn.data.purchases import read_purchases
from gnn.data.splits import split_by_time
from gnn.evaluation.leak_probe import LEAK_PROBE
from gnn.network.bundle_training import ViewParams
from graph.edges import edge_tables

CPU = torch.device("cpu")
SMALL = BundleRankingParams(
    num_seeds=1, views=ViewParams(dim=8, learning_rate=0.03, max_epochs=4, batch_size=60)
)
Planted = tuple[BundleChoices, csr_matrix]


@pytest.fixture(scope="module")
def tables(two_tastes: Planted, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Choices on one day, a new one of each user on each of the two days after; purchases on all three."""
    choices, new = two_tastes
    folder = tmp_path_factory.mktemp("export")
    days = [(choices.chosen, "2026-03-01"), *zip(_apart(new), ("2026-03-02", "2026-03-03"), strict=True)]
    purchases = [(*pair, f"2026-03-0{day}") for pair in _pairs(choices.bought, "u", "i") for day in (1, 2, 3)]
    _write(folder / "interactions.csv", ("user_id", "item_id", "timestamp"), purchases)
    _write(folder / "bundles.csv", ("bundle_id",), [(f"b{bundle:02}",) for bundle in range(20)])
    _write(folder / "bundle_items.csv", ("bundle_id", "item_id"), _pairs(choices.contains, "b", "i"))
    chosen = [(*pair, day) for part, day in days for pair in _pairs(part, "u", "b")]
    _write(folder / "bundle_interactions.csv", ("user_id", "bundle_id", "timestamp"), chosen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
        return ingest(str(folder), folder / "home", options=IngestOptions(min_baskets=1)).tables


def test_a_shop_whose_last_choices_are_all_by_newcomers_is_fitted_and_not_measured(
    two_tastes: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
    choices, new = two_tastes
    purchases = [(*pair, f"2026-03-0{day}") for pair in _pairs(choices.bought, "u", "i") for day in (1, 2, 3)]
    chosen = [(*pair, "2026-03-01") for pair in _pairs(choices.chosen, "u", "b")]
    chosen += [(*pair, "2026-03-02") for pair in _pairs(_apart(new)[0], "u", "b")]
    chosen += [(f"newcomer{number}", "b00", "2026-03-03") for number in range(5)]
    purchases += [(f"newcomer{number}", "i00", "2026-03-01") for number in range(5)]
    _write(tmp_path / "interactions.csv", ("user_id", "item_id", "timestamp"), purchases)
    _write(tmp_path / "bundles.csv", ("bundle_id",), [(f"b{bundle:02}",) for bundle in range(20)])
    _write(tmp_path / "bundle_items.csv", ("bundle_id", "item_id"), _pairs(choices.contains, "b", "i"))
    _write(tmp_path / "bundle_interactions.csv", ("user_id", "bundle_id", "timestamp"), chosen)
    tables = ingest(str(tmp_path), tmp_path / "home", options=IngestOptions(min_baskets=1)).tables
    edges = edge_tables(tables)

    ranked = rank_bundles(
        tables,
        edges,
        read_purchases(tables, edges),
        split=split_by_time(tables, config=replace(STANDARD, holdout_share=0.34)),
        seed=0,
        device=CPU,
        params=SMALL,
    )

    assert ranked.metrics == {}
    assert len(ranked.model.bundle)


def test_a_shop_is_judged_on_its_past_and_served_by_all_of_it(tables: Tables) -> None:
    edges = edge_tables(tables)

    ranked = rank_bundles(
        tables,
        edges,
        read_purchases(tables, edges),
        split=split_by_time(tables, config=replace(STANDARD, holdout_share=0.34)),
        seed=0,
        device=CPU,
        params=SMALL,
    )

    assert set(ranked.metrics) == {"popularity", LEAK_PROBE, "kernel_ease", "gnn", "served"}
    assert ranked.metrics["served"]["recall@20"] == 1.0
    assert ranked.metrics["served"]["ndcg@20"] > ranked.metrics["popularity"]["ndcg@20"]
    assert ranked.model.popularity.sum() == 120 * (5 + 2)
    assert (np.diff(ranked.model.indptr) == 20).all()
    assert ranked.model.items.shape == (40, 8)


def test_without_a_split_nothing_is_measured(tables: Tables) -> None:
    edges = edge_tables(tables)

    ranked = rank_bundles(
        tables, edges, read_purchases(tables, edges), split=None, seed=0, device=CPU, params=SMALL
    )

    assert ranked.metrics == {}
    assert len(ranked.model.bundle) == 120 * 20


def _apart(new: csr_matrix) -> tuple[csr_matrix, csr_matrix]:
    """The first and the second entry of each row."""
    dense = new.toarray()
    first = dense * (dense.cumsum(axis=1) == 1)
    return csr_matrix(first), csr_matrix(dense - first)


def _pairs(matrix: csr_matrix, row_name: str, column_name: str) -> list[tuple[str, ...]]:
    rows, columns = matrix.nonzero()
    return [
        (f"{row_name}{row:02}", f"{column_name}{column:02}")
        for row, column in zip(rows, columns, strict=True)
    ]


def _write(file: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        writer.writerows(rows)
