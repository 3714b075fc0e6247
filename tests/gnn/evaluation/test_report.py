from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from gnn.artifact import ArtifactInfo
from gnn.evaluation.report import render_report, write_report
from gnn.evaluation.tables import intervals_against, metrics_table, sliced_tables
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

RANKS = {"popularity": np.array([60.0, 2.0, 1.0]), "blend": np.array([1.0, 2.0, 30.0])}
METRICS: dict[str, object] = {
    "protocol": {"test_from": "2024-01-01", "num_test_queries": 3},
    "validation": metrics_table(RANKS),
    "test": metrics_table(RANKS),
    "slices": sliced_tables(RANKS, {"cross_category": np.array([True, True, False])}),
    "blend_minus": intervals_against("blend", RANKS, rng=np.random.default_rng(0)),
}


def info() -> ArtifactInfo:
    return replace(make_artifact(PlantedShop(items=[PlantedItem("a")])).info, metrics=METRICS)


def test_the_page_holds_every_table_and_a_plot_of_each() -> None:
    page = render_report(info())

    for title in ("Test", "Validation", "Cross category: 2 test queries", "NDCG@20 on test: blend minus"):
        assert title in page
    assert f"{RANKS['blend'].size and 2 / 3:.4f}" in page
    assert page.count("<svg") == 3


def test_the_page_loads_nothing() -> None:
    page = render_report(info())

    assert not re.search(r"<(script|link|img|iframe)|src=|url\(http|@import", page)


def test_equal_metrics_make_equal_pages() -> None:
    assert render_report(info()) == render_report(info())


def test_text_of_the_shop_is_escaped() -> None:
    page = render_report(replace(info(), warnings=["<script>alert(1)</script>"]))

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_model_that_was_not_measured_says_so(tmp_path: Path) -> None:
    page = tmp_path / "reports" / "model.html"

    write_report(replace(info(), metrics={}), page)

    assert "Nothing was measured." in page.read_text(encoding="utf-8")
