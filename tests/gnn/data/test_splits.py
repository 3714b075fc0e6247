from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from etl.tables import Tables
from gnn.config import STANDARD
from gnn.data.training_data import TimeSplit, split_by_time
from tests.gnn.conftest import MakeTables


def ten_days(make_tables: MakeTables) -> Tables:
    return make_tables([("a", f"2024-01-{day:02}T10:00:00Z", "ann", str(day)) for day in range(1, 11)])


def test_windows_hold_the_latest_shares_of_the_events(make_tables: MakeTables) -> None:
    split = split_by_time(ten_days(make_tables), config=STANDARD)

    assert split == TimeSplit(
        date(2024, 1, 9),
        date(2024, 1, 10),
        datetime(2024, 1, 9, tzinfo=UTC),
        datetime(2024, 1, 10, tzinfo=UTC),
    )


def test_days_that_are_given_are_taken_in_the_shops_own_zone(make_tables: MakeTables) -> None:
    tables = ten_days(make_tables)
    new_york = replace(tables, manifest=replace(tables.manifest, timezone="America/New_York"))
    config = replace(STANDARD, validation_from=date(2024, 1, 4), test_from=date(2024, 1, 6))

    split = split_by_time(new_york, config=config)

    assert split is not None
    assert split.validation_from == datetime(2024, 1, 4, 5, tzinfo=UTC)
    assert split.test_from == datetime(2024, 1, 6, 5, tzinfo=UTC)


def test_each_part_has_a_day_even_where_one_day_has_most_events(make_tables: MakeTables) -> None:
    busy = [("a", "2024-01-03T10:00:00Z", "ann", str(basket)) for basket in range(50)]
    tables = make_tables(
        [("a", "2024-01-01T10:00:00Z", "ann", "x"), ("a", "2024-01-02T10:00:00Z", "ann", "y"), *busy]
    )

    split = split_by_time(tables, config=STANDARD)

    assert split is not None
    assert (split.validation_day, split.test_day) == (date(2024, 1, 2), date(2024, 1, 3))


def test_two_days_are_no_time_split(make_tables: MakeTables) -> None:
    tables = make_tables([("a", f"2024-01-0{day}T10:00:00Z", "ann", str(day)) for day in (1, 2)])

    assert split_by_time(tables, config=STANDARD) is None
