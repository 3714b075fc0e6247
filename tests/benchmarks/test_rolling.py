"""Rolling histories: each query knows the purchases of its user up to its own local day."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.holdouts import holdout_of
from benchmarks.quality.options import BenchmarkError
from benchmarks.quality.rolling import with_rolling_histories
from etl.ingest import ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.tables import Tables
from gnn.components.holdout import Holdout
from gnn.config import DEMO

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
def holdout(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Holdout:
    config = replace(DEMO, validation_from=date(2024, 1, 7), test_from=date(2024, 1, 9))
    return holdout_of(tables, config, checkpoint=tmp_path_factory.mktemp("holdout") / "holdout.pt")


def bought(holdout: Holdout) -> dict[str, dict[str, int]]:
    """Purchases of each item by the user of each test basket."""
    item_ids, ranked = holdout.artifact.catalogue.item_ids, holdout.context.data.ranked
    counts = holdout.context.data.ranked_purchases.counts
    return {
        basket: {
            item_ids[ranked[item]]: int(count)
            for item, count in zip(counts[user].indices, counts[user].data, strict=True)
        }
        for basket, user in zip(holdout.test.basket_ids, holdout.test.users, strict=True)
    }


def test_strict_histories_end_where_validation_begins(holdout: Holdout) -> None:
    assert bought(holdout)["evening"] == {"bread": 6, "butter": 6, "jam": 1, "milk": 1}


def test_rolling_histories_end_before_the_local_day_of_the_basket(holdout: Holdout) -> None:
    known = bought(with_rolling_histories(holdout))

    # 21:00 in New York is the next day in UTC: cut there, the morning's milk would be known as well.
    assert known["evening"] == {"bread": 9, "butter": 9, "jam": 1, "milk": 1}
    assert known["m8"] == {"bread": 8, "butter": 8, "jam": 1, "milk": 1}


def test_the_served_histories_are_the_same_and_aged_to_the_day(holdout: Holdout) -> None:
    rolling = with_rolling_histories(holdout)

    user = rolling.test.users[rolling.test.basket_ids.index("m8")]
    histories = rolling.artifact.histories
    ages = histories.age_days[histories.indptr[user] : histories.indptr[user + 1]]
    # Its day begins at 05:00 in UTC, the purchases were at 15:00.
    assert np.unique(ages) == pytest.approx([day + 14 / 24 for day in range(8)])


def test_each_query_has_the_vector_of_its_user_and_an_anonymous_one_has_zeros(holdout: Holdout) -> None:
    network = replace(holdout.artifact.network, users=np.full((1, 2), 7.0, dtype=np.float32))
    known = replace(holdout, artifact=replace(holdout.artifact, network=network))
    anonymous = replace(known, validation=replace(known.validation, users=np.full(len(known.validation), -1)))

    rolling = with_rolling_histories(anonymous)

    vectors = rolling.artifact.network.users
    assert vectors[rolling.validation.users].tolist() == [[0, 0]] * len(rolling.validation)
    assert vectors[rolling.test.users].tolist() == [[7, 7]] * len(rolling.test)


def test_queries_that_do_not_know_their_day_are_refused(holdout: Holdout) -> None:
    without_days = replace(holdout, test=replace(holdout.test, history_until=None))

    with pytest.raises(ValueError, match="where their local day begins"):
        with_rolling_histories(without_days)


def test_a_split_that_no_basket_follows_is_refused(tables: Tables, tmp_path: Path) -> None:
    config = replace(DEMO, validation_from=date(2030, 1, 1), test_from=date(2030, 1, 2))

    with pytest.raises(BenchmarkError, match="expected purchases from 2030-01-01"):
        holdout_of(tables, config, checkpoint=tmp_path / "holdout.pt")
