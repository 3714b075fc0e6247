from __future__ import annotations

from collections.abc import Callable

import pytest

from etl.tables import Tables
from gnn.components.shop import fit_seasons
from gnn.scoring.seasons import SeasonLift, Seasons
from tests.gnn.planted_context import make_context


@pytest.fixture(scope="module")
def seasons(make_tables: Callable[..., Tables]) -> Seasons:
    """Bread on ten days from January to March, eggs on eleven days of March, milk on three, salt on two."""
    lines = [
        ("bread", f"2026-{month:02}-{day:02}T12:00:00Z", "", "") for month in (1, 2) for day in (1, 8, 15)
    ]
    lines += [("bread", f"2026-03-{day:02}T12:00:00Z", "", "") for day in (1, 8, 15, 22)]
    lines += [("eggs", f"2026-03-{day:02}T12:00:00Z", "", "") for day in range(16, 27)]
    lines += [("milk", f"2026-03-{day:02}T12:00:00Z", "", "") for day in (16, 17, 18)]
    lines += [("salt", f"2026-03-{day:02}T12:00:00Z", "", "") for day in (16, 17)]
    baskets = [(item, time, user, f"b{number}") for number, (item, time, user, _) in enumerate(lines)]
    return fit_seasons(make_context(make_tables(baskets)))


def test_items_in_ten_baskets_are_kept_and_those_in_three_count_for_all(seasons: Seasons) -> None:
    # By id: bread, eggs, milk, salt.
    assert seasons.item.tolist() == [0, 1]
    assert seasons.baskets.sum(axis=1).tolist() == [10, 11]
    assert seasons.all_baskets.sum() == 10 + 11 + 3


def test_days_are_counted_from_the_first_basket_to_the_last(seasons: Seasons) -> None:
    # From noon of 1 January to noon of 26 March.
    assert seasons.num_days == 31 + 28 + 26


def test_an_item_bought_mostly_in_some_weeks_has_a_lift_there(seasons: Seasons) -> None:
    lift = SeasonLift(seasons, num_items=4).lift(12)

    # 15 March is day 74, in week 73 // 7 + 1 = 11; around week 12 lie weeks 11 to 13: all eggs and milk, and
    # bread of 15 and 22 March.
    in_weeks = 11 + 3 + 2
    assert lift[1] == pytest.approx((11 + 5) / (11 * in_weeks / 24 + 5))
    assert lift[0] < 1 < lift[1]


def test_a_shop_without_baskets_has_no_seasons(make_tables: Callable[..., Tables]) -> None:
    tables = make_tables([("bread", "2026-01-01T12:00:00Z", "", "")])

    found = fit_seasons(make_context(tables))

    assert len(found.item) == 0
    assert found.all_baskets.tolist() == [0] * 53
