"""The trial that a configuration asks for: fitted before its split, or refused in one line."""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality.options import BenchmarkError
from etl.tables import Tables
from gnn.components.trial import Trial, fit_trial
from gnn.config import TrainingConfig
from gnn.data.training_data import split_by_time
from gnn.network.training import no_progress


def trial_of(tables: Tables, config: TrainingConfig, *, checkpoint: Path) -> Trial:
    """The model of `config` fitted to `tables` before their split, and the queries that follow.

    Raises:
        BenchmarkError: If there is no split, or no query follows it.
    """
    split = split_by_time(tables, config=config)
    if split is None:
        raise BenchmarkError("expected baskets on three days or more, found fewer: ingest the data set anew")
    trial = fit_trial(tables, split, config=config, checkpoint=checkpoint, progress=no_progress)
    if trial is None:
        raise BenchmarkError(
            f"expected baskets from {split.validation_day} and from {split.test_day} on, found none: "
            "ingest the data set anew"
        )
    return trial
