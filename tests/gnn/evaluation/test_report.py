from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gnn.artifact.model import ArtifactInfo
from gnn.evaluation.leak_probe import LEAK_PROBE
from gnn.evaluation.measuring import exposure_table, intervals_against, metrics_table, sliced_tables
from gnn.evaluation.metrics import Ranking
from gnn.evaluation.report import bar_plot, interval_plot, render_report, write_report

RANKS = {LEAK_PROBE: np.array([60.0, 2.0, 1.0]), "served": np.array([1.0, 2.0, 30.0])}
SHOWN = {name: Ranking(ranks, np.zeros((3, 20), dtype=np.int32)) for name, ranks in RANKS.items()}
METRICS: dict[str, object] = {
    "protocol": {"test_from": "2024-01-01", "num_test_queries": 3},
    "ours": "served",
    "validation": metrics_table(RANKS),
    "test": metrics_table(RANKS),
    "slices": sliced_tables(RANKS, {"cross_category": np.array([True, True, False])}),
    "exposure": exposure_table(SHOWN, np.full(8, 0.25)),
    "served_minus": intervals_against("served", RANKS, rng=np.random.default_rng(0)),
    "leak_probe": {"leaks": False, "text": "no leak is seen: the rule scores less"},
}


INFO = ArtifactInfo(
    model_version="20240105T000000Z-0123abcd",
    created_at="2024-01-05T00:00:00Z",
    kind="gnn",
    as_of="2024-01-04T18:00:00Z",
    tables_version="f" * 8,
    key_fingerprint="",
    currency=None,
    timezone="UTC",
    association_event="purchase",
    config={},
    metrics=METRICS,
    versions={},
    warnings=[],
)


def info(**more: object) -> ArtifactInfo:
    return replace(INFO, metrics=METRICS | more)


@pytest.mark.parametrize(
    "expected",
    [
        "Test",
        "Validation",
        "Cross category: 2 test queries",
        "NDCG@20 on test: served minus each other model",
        "Exposure of the items shown",
        "Leak probe: no leak is seen",
        f"{2 / 3:.4f}",
        "gini@20",
        f"{1 - 1 / 8:.4f}",
    ],
)
def test_the_page_holds_every_part_that_was_measured(expected: str) -> None:
    assert expected in render_report(info())


def test_the_page_has_a_plot_of_the_test_of_the_intervals_and_of_each_slice() -> None:
    assert render_report(info()).count("<svg") == 3


def test_the_page_shows_how_well_links_are_calibrated_where_that_was_measured() -> None:
    calibration = {
        "num_pairs": 900,
        **dict.fromkeys(["ece", "ece_low", "ece_high", "brier", "brier_low", "brier_high"], 0.1),
        "bins": [{"confidence": 0.25, "frequency": 0.3, "pairs": 450}] * 2,
        "uncalibrated": {"ece": 0.2, "brier": 0.2},
    }

    page = render_report(info(link_calibration=calibration))

    assert page.count("<svg") == 3 + 1
    assert "<td>0.250</td><td>0.300</td><td>450</td>" in page
    assert "Links of 900 test pairs" in page


def test_the_served_row_is_marked_in_each_table_of_models() -> None:
    assert render_report(info()).count('<tr class="ours"><td>served</td>') == 4


def test_a_leak_is_a_warning() -> None:
    page = render_report(info(leak_probe={"leaks": True, "text": "the split may leak"}))

    assert '<p class="warning">Leak probe: the split may leak.</p>' in page


def test_groups_of_features_are_shown_where_they_were_measured() -> None:
    page = render_report(info(importances={"recency": 0.75, "text": 0.25}))

    assert "Groups of features" not in render_report(info())
    assert "<td>recency</td><td>0.750</td>" in page
    assert page.count("<svg") == 4


def test_a_model_of_the_first_release_has_a_page() -> None:
    old = {name: METRICS[name] for name in ("protocol", "validation", "test", "slices", "served_minus")}

    page = render_report(replace(info(), metrics=old))

    assert "Test" in page
    assert "Leak probe" not in page


def test_the_page_loads_nothing() -> None:
    page = render_report(info(importances={"text": 1.0}))

    assert not re.search(
        r"<(script|link|img|iframe|object|embed)|src=|url\((?!#)|@import|(?<!xmlns:)href=\"http", page
    )


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


def test_a_plot_names_its_rows_and_its_figures() -> None:
    drawn = bar_plot({"popularity": 0.25, "served": 0.5}, title="NDCG@20", ours="served")

    for text in ("popularity", "served", "0.250", "0.500", "NDCG@20"):
        assert f">{text}</text>" in drawn


def test_an_interval_plot_names_its_rows() -> None:
    drawn = interval_plot({"ease": {"difference": 0.1, "low": 0.05, "high": 0.2}}, title="ahead")

    assert ">ease</text>" in drawn
