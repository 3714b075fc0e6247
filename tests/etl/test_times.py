from __future__ import annotations

from datetime import UTC, date, datetime

from etl.times import local_midnight, rfc3339


def test_a_local_day_begins_at_its_own_offset_summer_and_winter() -> None:
    assert local_midnight(date(2017, 7, 1), "America/New_York") == datetime(2017, 7, 1, 4, tzinfo=UTC)
    assert local_midnight(date(2017, 12, 1), "America/New_York") == datetime(2017, 12, 1, 5, tzinfo=UTC)


def test_a_day_that_clocks_are_changed_on_has_23_hours() -> None:
    before = local_midnight(date(2026, 3, 29), "Europe/London")
    after = local_midnight(date(2026, 3, 30), "Europe/London")

    assert (after - before).total_seconds() == 23 * 3600


def test_an_instant_is_written_in_utc() -> None:
    assert rfc3339(local_midnight(date(2017, 11, 6), "America/New_York")) == "2017-11-06T05:00:00Z"
