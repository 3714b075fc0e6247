from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.training_step import WARM_UP, StepClock, measure_steps
from etl.ingest import IngestOptions, ingest
from gnn.config import DEMO
from gnn.data.training_data import TrainingData, training_data
from tests.shop_export import write_shop_export

CONFIG = replace(DEMO, embedding_dim=8, max_epochs=4, batch_size=128, device="cpu", min_item_baskets=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingData:
    folder = tmp_path_factory.mktemp("shop")
    write_shop_export(folder / "export", dirt=0.0)
    tables = ingest(str(folder / "export"), folder / "home", options=IngestOptions(min_baskets=1)).tables
    return training_data(tables, config=CONFIG, is_sequence=False)


def test_training_ends_after_the_steps_that_are_measured(data: TrainingData, tmp_path: Path) -> None:
    clock = measure_steps(data, CONFIG, num_steps=3, checkpoint=tmp_path / "run.pt")

    assert len(clock.wall_s) == len(clock.processor_s) == 3
    assert min(clock.wall_s) > 0
    assert not (tmp_path / "run.pt").exists()  # less than an epoch


def test_a_short_training_is_measured_to_its_end(data: TrainingData, tmp_path: Path) -> None:
    config = replace(CONFIG, max_epochs=1)
    steps = -(-data.ranked_purchases.lines.shape[0] // config.batch_size)

    clock = measure_steps(data, config, num_steps=10_000, checkpoint=tmp_path / "run.pt")

    assert len(clock.wall_s) == steps - 1 - WARM_UP


def test_a_step_lasts_from_one_report_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([10.0, 10.5, 12.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(moments))
    clock = StepClock(num_steps=3)

    for step in range(3):
        clock.progress("fit", step, 3)

    assert clock.wall_s == [0.5, 1.5]
