from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.quality import protocol_b
from benchmarks.quality.options import Options
from etl.ingest import ingest
from etl.pseudonyms import KEY_VARIABLE
from gnn.config import DEMO, TrainingConfig
from gnn.evaluation.leak_probe import LEAK_PROBE
from tests.shop_export import write_shop_export

OURS = {"gnn", "served"}
CLOSED_FORMS = {LEAK_PROBE, "popularity", "co_purchase", "ease", "user_frequency", "ease_user_frequency"}
TRAINED = {"als", "bpr", "item_knn", "bm25_knn", "content_knn"}


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    """A small shop in the place of Complete Journey, split by shares of its events."""
    monkeypatch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
    write_shop_export(tmp_path / "export", dirt=0.0)
    tables = ingest(str(tmp_path / "export"), tmp_path / "home").tables

    def config(name: str, *, seed: int = 0) -> TrainingConfig:
        return replace(DEMO, seed=seed, min_item_baskets=1, max_epochs=1)

    monkeypatch.setattr(protocol_b, "ingest", lambda *_: SimpleNamespace(tables=tables))
    monkeypatch.setattr(protocol_b, "protocol_b_config", config)
    return Options(None, 1, "demo", tmp_path / "home", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("baselines", "rows"), [("none", set()), ("all", CLOSED_FORMS | TRAINED)])
def test_a_run_measures_the_requested_rows_with_strict_and_with_rolling_histories(
    options: Options, baselines: str, rows: set[str]
) -> None:
    report = protocol_b.run(replace(options, baselines=baselines))

    for table in (report.validation, report.models, report.slices["rolling"][1]):
        assert table.keys() >= OURS | rows
        assert not table.keys() & ((CLOSED_FORMS | TRAINED) - rows)
    assert len(report.notes) == (1 if baselines == "none" else 3)
    assert report.intervals["ndcg@20"].keys() == report.models.keys() - {"served"}
