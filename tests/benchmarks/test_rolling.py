"""Rolling histories of a trial: each query knows its household up to its own local day."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from benchmarks.quality.rolling import with_rolling_histories
from etl.ingest import ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.tables import Tables
from gnn.components.trial import Trial, fit_trial
from gnn.config import DEMO
from gnn.data.training_data import split_by_time
from gnn.network.training import no_progress
from graph.edges import EdgeTables, edge_tables

ZONE = "America/New_York"
FIRST = datetime(2024, 1, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Bread and butter each morning; on the last day bread alone in the morning, and a basket at 21:00."""
    mornings = [
        (item, FIRST + timedelta(days=day), f"m{day}") for day in range(9) for item in ("bread", "butter")
    ]
    last = FIRST + timedelta(days=9)
    evening = [(item, last + timedelta(hours=11), "evening") for item in ("bread", "jam")]
    lines = [*mornings, ("jam", FIRST, "m0"), ("milk", last, "m9"), ("milk", FIRST, "m0"), *evening]
    folder = tmp_path_factory.mktemp("rolling")
    (folder / "mapping.toml").write_text(f'timezone = "{ZONE}"\n', encoding="utf-8")
    with (folder / "interactions.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(item, at.isoformat(), "ann", basket) for item, at, basket in lines]
        csv.writer(file).writerows([("item_id", "timestamp", "user_id", "basket_id"), *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
        return ingest(str(folder), folder / "home").tables


@pytest.fixture(scope="module")
def edges(tables: Tables) -> EdgeTables:
    return edge_tables(tables)


@pytest.fixture(scope="module")
def trial(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    config = replace(DEMO, validation_from=date(2024, 1, 7), test_from=date(2024, 1, 9))
    split = split_by_time(tables, config=config)
    assert split is not None
    fitted = fit_trial(
        tables,
        split,
        config=config,
        checkpoint=tmp_path_factory.mktemp("trial") / "trial.pt",
        progress=no_progress,
    )
    assert fitted is not None
    return fitted


def bought(trial: Trial, edges: EdgeTables) -> dict[str, dict[str, int]]:
    """How often the household of each test basket has bought each item."""
    item_ids = edges.nodes["Item"]["item_id"].to_pylist()
    counts = trial.model.ranked_purchases.counts
    return {
        basket: {
            item_ids[trial.model.ranked[item]]: int(count)
            for item, count in zip(counts[user].indices, counts[user].data, strict=True)
        }
        for basket, user in zip(trial.test.basket_ids, trial.test.users, strict=True)
    }


def test_strict_histories_end_where_validation_begins(trial: Trial, edges: EdgeTables) -> None:
    assert bought(trial, edges)["evening"] == {"bread": 6, "butter": 6, "jam": 1, "milk": 1}


def test_rolling_histories_end_before_the_local_day_of_the_basket(
    trial: Trial, tables: Tables, edges: EdgeTables
) -> None:
    rolling = with_rolling_histories(trial, tables, edges)

    known = bought(rolling, edges)
    # 21:00 in New York is the next day in UTC: cut there, the morning's milk would be known as well.
    assert known["evening"] == {"bread": 9, "butter": 9, "jam": 1, "milk": 1}
    assert known["m8"] == {"bread": 8, "butter": 8, "jam": 1, "milk": 1}


def test_the_served_histories_are_the_same_and_aged_to_the_day(
    trial: Trial, tables: Tables, edges: EdgeTables
) -> None:
    rolling = with_rolling_histories(trial, tables, edges)

    user = rolling.test.users[rolling.test.basket_ids.index("m8")]
    histories = rolling.at_cut.histories
    ages = histories.age_days[histories.indptr[user] : histories.indptr[user + 1]]
    # Its day begins at 05:00 in UTC, the purchases were at 15:00.
    assert np.unique(ages) == pytest.approx([day + 14 / 24 for day in range(8)])


def test_queries_that_do_not_know_their_day_are_refused(
    trial: Trial, tables: Tables, edges: EdgeTables
) -> None:
    blind = replace(trial, test=replace(trial.test, history_until=None))

    with pytest.raises(ValueError, match="where their local day begins"):
        with_rolling_histories(blind, tables, edges)
