from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from etl.tables import Tables
from gnn.components.holdout import Holdout, fit_holdout
from gnn.components.tasks import BasketCompletion, NextItem
from gnn.config import TrainingConfig
from gnn.data.queries import NextItemQueries
from gnn.data.training_data import TimeSplit, split_by_time, training_data
from gnn.network.training import no_progress
from tests.gnn.conftest import Line, MakeTables

#: Twelve days: nine to fit to, two of validation and one of test, where no days are given.
NUM_DAYS = 12


def baskets(*, items: str = "abcd") -> list[Line]:
    """Five baskets a day of all `items`, by five users."""
    return [
        (item, f"{date(2024, 1, 1) + timedelta(days=day)}T{hour + 10}:00:00Z", f"u{hour}", f"{day}-{hour}")
        for day in range(NUM_DAYS)
        for hour in range(5)
        for item in items
    ]


def sequences() -> list[Line]:
    """Each of 30 users buys another item a day, one in three on the last two days alone."""
    return [
        (f"{(user + day) % 15:02}", f"{date(2024, 1, 1) + timedelta(days=day)}T10:00:00Z", f"u{user}", "")
        for user in range(30)
        for day in range(NUM_DAYS)
        if user % 3 or day >= NUM_DAYS - 2
    ]


def split_of(tables: Tables, config: TrainingConfig) -> TimeSplit:
    split = split_by_time(tables, config=config)
    assert split is not None
    return split


def hold_out(tables: Tables, config: TrainingConfig, folder: Path, *, is_sequence: bool) -> Holdout | None:
    split = split_of(tables, config)
    data = training_data(tables, config=config, is_sequence=is_sequence, until=split.validation_from)
    return fit_holdout(data, split, config=config, checkpoint=folder / "run.pt", progress=no_progress)


@pytest.fixture
def config(tiny_config: TrainingConfig) -> TrainingConfig:
    return replace(tiny_config, validation_from=date(2024, 1, 10), test_from=date(2024, 1, 12))


def test_the_model_of_baskets_knows_the_past_alone(
    make_tables: MakeTables, config: TrainingConfig, tmp_path: Path
) -> None:
    holdout = hold_out(make_tables(baskets()), config, tmp_path, is_sequence=False)

    assert holdout is not None
    assert isinstance(holdout.task, BasketCompletion)
    # Nine of the twelve days, five baskets each.
    assert holdout.artifact.catalogue.baskets.tolist() == [45] * 4
    assert holdout.artifact.info.as_of == "2024-01-09T14:00:00Z"
    assert len(holdout.artifact.histories.item) == 9 * 5 * 4
    assert holdout.context.data.purchases.item_baskets.tolist() == [45] * 4


def test_queries_are_of_their_windows(
    make_tables: MakeTables, config: TrainingConfig, tmp_path: Path
) -> None:
    holdout = hold_out(make_tables(baskets()), config, tmp_path, is_sequence=False)

    assert holdout is not None
    # The ids of baskets begin with their day.
    assert {int(name.split("-")[0]) for name in holdout.validation.basket_ids} == {9, 10}
    assert {int(name.split("-")[0]) for name in holdout.test.basket_ids} == {11}
    assert (len(holdout.validation), len(holdout.test)) == (10, 5)


def test_histories_of_sequences_go_up_to_the_hidden_item(
    make_tables: MakeTables, config: TrainingConfig, tmp_path: Path
) -> None:
    holdout = hold_out(make_tables(sequences()), config, tmp_path, is_sequence=True)

    assert holdout is not None
    assert isinstance(holdout.task, NextItem)
    validation, test = holdout.validation, holdout.test
    assert isinstance(validation, NextItemQueries)
    assert isinstance(test, NextItemQueries)
    # Users who began before validation have bought nine items by then, and eleven by the day of the test; the
    # others bought their first item on the last day of validation.
    assert set(validation.histories.lengths.tolist()) == {9}
    assert set(test.histories.lengths.tolist()) == {1, 11}
    assert holdout.artifact.sequences.is_fitted
    assert holdout.artifact.sequences.events.sum() == 20 * 9


def test_tuning_begins_with_the_weights_that_were_learned(
    make_tables: MakeTables, config: TrainingConfig, tmp_path: Path
) -> None:
    holdout = hold_out(make_tables(baskets()), config, tmp_path, is_sequence=False)

    assert holdout is not None
    by_log, by_known = holdout.context.learned.links.count_weights
    tuning = holdout.context.tuning
    assert (tuning.ensemble.bought, tuning.ensemble.known) == (by_log, by_known)
    assert tuning.ease_top_k == max(config.ease_top_k)
    assert tuning.num_epochs == holdout.context.learned.links.num_epochs
    assert (tuning.ensemble.as_array() >= 0).all()


def test_nothing_is_held_out_where_baskets_are_too_small_for_queries(
    make_tables: MakeTables, config: TrainingConfig, tmp_path: Path
) -> None:
    # A basket of one item has nothing to be completed from.
    assert hold_out(make_tables(baskets(items="a")), config, tmp_path, is_sequence=False) is None


def test_nothing_is_held_out_where_nothing_follows(
    make_tables: MakeTables, config: TrainingConfig, tmp_path: Path
) -> None:
    late = replace(config, test_from=date(2025, 1, 1))

    assert hold_out(make_tables(baskets()), late, tmp_path, is_sequence=False) is None


def test_nothing_is_held_out_where_nothing_came_before(
    make_tables: MakeTables, config: TrainingConfig, tmp_path: Path
) -> None:
    early = replace(config, validation_from=date(2024, 1, 1))

    assert hold_out(make_tables(baskets()), early, tmp_path, is_sequence=False) is None
