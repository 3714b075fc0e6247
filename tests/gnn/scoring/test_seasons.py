from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from gnn.scoring.seasons import NUM_WEEKS, SeasonLift, Seasons, week_of

STOLLEN, MILK, RARE = 0, 1, 2


def planted() -> SeasonLift:
    """Milk is bought twice a week all year; 20 of 40 stollen in week 51, 2 a week in weeks 1 to 10."""
    baskets = np.zeros((2, NUM_WEEKS), dtype=np.int32)
    baskets[MILK] = 2
    baskets[STOLLEN, :10], baskets[STOLLEN, 50] = 2, 20
    all_baskets = np.full(NUM_WEEKS, 10, dtype=np.int64)
    seasons = Seasons(np.array([STOLLEN, MILK], dtype=np.int32), baskets, all_baskets, 365)
    return SeasonLift(seasons, num_items=3)


def test_an_item_bought_around_a_week_has_a_lift_there() -> None:
    lifts = planted().lift(52)

    assert lifts[STOLLEN] == pytest.approx((20 + 5) / (40 * 3 / 53 + 5))
    assert lifts[MILK] == pytest.approx((6 + 5) / (106 * 3 / 53 + 5))
    assert lifts[RARE] == 1.0


def test_an_item_out_of_season_falls_below_1() -> None:
    assert planted().lift(30)[STOLLEN] == pytest.approx((0 + 5) / (40 * 3 / 53 + 5))


def test_the_first_week_of_a_year_follows_its_last() -> None:
    # Week 53 has none, week 1 and 2 have two each.
    evidence = planted().evidence(STOLLEN, 1)

    assert evidence is not None
    assert (evidence.baskets, evidence.of_baskets) == (0 + 2 + 2, 40)


def test_evidence_has_the_counts_behind_a_lift() -> None:
    seasons = planted()

    evidence = seasons.evidence(STOLLEN, 51)

    assert evidence is not None
    assert (evidence.baskets, evidence.of_baskets) == (20, 40)
    assert evidence.lift == pytest.approx(seasons.lift(51)[STOLLEN])
    assert seasons.evidence(RARE, 51) is None


def test_a_date_has_the_same_week_in_every_year() -> None:
    assert [week_of(date(year, 12, 24)) for year in (2022, 2023, 2025)] == [52, 52, 52]
    assert [week_of(date(2023, 1, 1)), week_of(date(2023, 1, 8)), week_of(date(2024, 12, 31))] == [1, 2, 53]
    days = [date(2024, 1, 1) + timedelta(days=step) for step in range(366)]
    assert {week_of(day) for day in days} == set(range(1, 54))


@pytest.mark.parametrize("week", [0, 54, -1])
def test_a_week_that_no_year_has_is_refused(week: int) -> None:
    with pytest.raises(ValueError, match="expected a week of the year, 1 to 53"):
        planted().lift(week)


def test_a_shop_without_baskets_has_no_seasons() -> None:
    nothing = SeasonLift(Seasons(), num_items=4)

    assert nothing.lift(12).tolist() == [1.0] * 4
    assert nothing.evidence(0, 12) is None
