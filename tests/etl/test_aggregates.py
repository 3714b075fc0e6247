from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from etl.aggregates import (
    item_baskets,
    user_bundle_events,
    user_item_events,
    user_spans,
)
from etl.pseudonyms import load_key
from tests.etl.shop import Shop, day

_INTERACTIONS = (
    "item_id,timestamp,user_id,event,quantity\n"
    f"a,{day(1)},u,purchase,9\na,{day(3)},u,purchase,1\na,{day(2)},u,view,1\nb,{day(2)},v,purchase,1\n"
    f"b,{day(2)},,purchase,1\n"
)


def _at(number: int) -> datetime:
    return datetime(2026, 3, number, 10, tzinfo=UTC)


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in table.to_pylist()]


def test_events_are_summed_up_by_user_item_and_kind(shop: Shop) -> None:
    tables = shop.write(interactions=_INTERACTIONS).ingest().tables
    user, other = (load_key(shop.home).pseudonym(name) for name in "uv")

    events = user_item_events(tables)

    assert events.column_names == ["user_id", "item_id", "event", "count", "first_at", "last_at"]
    assert _rows(events) == sorted(
        [
            (user, "a", "purchase", 2, _at(1), _at(3)),
            (user, "a", "view", 1, _at(2), _at(2)),
            (other, "b", "purchase", 1, _at(2), _at(2)),
        ]
    )
    assert _rows(user_spans(tables)) == sorted([(user, _at(1), _at(3)), (other, _at(2), _at(2))])


def test_events_from_the_cut_on_are_not_seen(shop: Shop) -> None:
    tables = shop.write(interactions=_INTERACTIONS).ingest().tables
    user = load_key(shop.home).pseudonym("u")

    assert _rows(user_item_events(tables, until=_at(2))) == [(user, "a", "purchase", 1, _at(1), _at(1))]
    assert _rows(user_spans(tables, until=_at(2))) == [(user, _at(1), _at(1))]


def test_bundle_events_are_summed_up_and_may_have_no_time(shop: Shop) -> None:
    shop.write(
        interactions=_INTERACTIONS,
        bundle_interactions=f"user_id,bundle_id,timestamp\nu,x,{day(1)}\nu,x,{day(4)}\nu,y,\n",
    )
    tables = shop.ingest().tables
    user = load_key(shop.home).pseudonym("u")

    assert _rows(user_bundle_events(tables)) == [(user, "x", 2, _at(4)), (user, "y", 1, None)]
    assert _rows(user_bundle_events(tables, until=_at(2))) == [(user, "x", 1, _at(1)), (user, "y", 1, None)]


def test_a_shop_without_users_has_no_sums(shop: Shop) -> None:
    tables = shop.write(interactions=f"item_id,timestamp\na,{day(1)}\n").ingest().tables

    assert user_item_events(tables).num_rows == 0
    assert user_spans(tables).num_rows == 0


def test_baskets_of_an_item_count_each_basket_once_and_purchases_alone(shop: Shop) -> None:
    # u's two lines of a are in two days, so in two baskets; the view and the anonymous line are in none.
    tables = shop.write(interactions=_INTERACTIONS + f"a,{day(3)},u,purchase,4\n").ingest().tables

    assert _rows(item_baskets(tables)) == [("a", 2, None), ("b", 1, None)]
    assert _rows(item_baskets(tables, until=_at(2))) == [("a", 1, None)]


def test_baskets_count_in_the_week_of_the_year_in_which_they_began(shop: Shop) -> None:
    lines = [
        *(f"a,{year}-01-07T10:00:00Z,,b{year}" for year in (2023, 2024, 2025)),
        # One basket over midnight, from week 1 to week 2; and one of the last day of a leap year.
        "a,2026-01-07T23:59:00Z,,long\na,2026-01-08T00:01:00Z,,long\nb,2026-01-08T00:01:00Z,,long",
        "a,2024-12-31T10:00:00Z,,last",
    ]
    shop.write(interactions="item_id,timestamp,user_id,basket_id\n" + "\n".join(lines) + "\n")
    tables = shop.ingest().tables

    # b is in one basket, which tells no season.
    assert _rows(item_baskets(tables)) == [("a", 5, [4, *[0] * 51, 1]), ("b", 1, None)]
    before = item_baskets(tables, until=datetime(2025, 6, 1, tzinfo=UTC))
    assert _rows(before) == [("a", 4, [3, *[0] * 51, 1])]


def test_items_of_a_shop_without_baskets_are_in_none(shop: Shop) -> None:
    tables = shop.write(interactions=f"item_id,timestamp\na,{day(1)}\n").ingest().tables

    assert item_baskets(tables).num_rows == 0
