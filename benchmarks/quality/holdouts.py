"""The holdout of a data set and a configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.quality.options import BenchmarkError
from etl.sources.completejourney import WEEK_46, WEEK_49
from etl.tables import Tables
from gnn.components.holdout import Holdout, fit_holdout
from gnn.config import CONFIGS, TrainingConfig
from gnn.data.training_data import split_by_time, training_data
from gnn.network.training import no_progress


def protocol_b_config(name: str, *, seed: int = 0) -> TrainingConfig:
    """The configuration `name` with the split of protocol B: validation from week 46, test from week 49."""
    return replace(CONFIGS[name], validation_from=WEEK_46, test_from=WEEK_49, seed=seed)


def holdout_of(
    tables: Tables, config: TrainingConfig, *, checkpoint: Path, is_sequence: bool = False
) -> Holdout:
    """The model of `config` fitted to `tables` before their split, and the queries that follow.

    Raises:
        BenchmarkError: If there is no split, or no query follows it.
    """
    split = split_by_time(tables, config=config)
    if split is None:
        raise BenchmarkError("expected baskets on three days or more, found fewer: ingest the data set anew")
    data = training_data(tables, config=config, is_sequence=is_sequence, until=split.validation_from)
    holdout = fit_holdout(data, split, config=config, checkpoint=checkpoint, progress=no_progress)
    if holdout is None:
        raise BenchmarkError(
            f"expected purchases from {split.validation_day} and from {split.test_day} on, found none: "
            "ingest the data set anew"
        )
    return holdout
