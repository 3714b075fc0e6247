from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from etl.tables import Tables
from gnn.config import STANDARD
from gnn.data.training_data import TimeSplit, split_by_time, training_data
from graph.edges import edge_tables
from tests.gnn.conftest import MakeTables

#: Before the fourth of six baskets.
CUT = datetime(2024, 1, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def tables(make_tables: MakeTables) -> Tables:
    """A basket a day of `bread` and `butter`; `jam` is in the last two, `apple` was never sold."""
    return make_tables(
        [
            (item, f"2024-01-{day:02}T10:00:00Z", "ann", str(day))
            for day in range(1, 7)
            for item in (["bread", "butter", "jam"] if day > 4 else ["bread", "butter"])
        ],
        [(item, "Food", "") for item in ("apple", "bread", "butter", "jam")],
    )


def test_all_of_the_data_are_those_of_the_whole_graph(tables: Tables) -> None:
    edges = edge_tables(tables)

    data = training_data(tables, edges, config=STANDARD, is_sequence=False)

    assert data.edges is edges
    assert data.purchases.item_baskets.tolist() == [0, 6, 6, 2]
    assert data.ranked.tolist() == [1, 2, 3]
    assert data.ranked_purchases.item_baskets.tolist() == [6, 6, 2]


def test_nothing_after_the_moment_is_in_the_data(tables: Tables) -> None:
    data = training_data(tables, config=STANDARD, is_sequence=False, until=CUT)

    assert data.purchases.item_baskets.tolist() == [0, 3, 3, 0]
    assert data.purchases.as_of == datetime(2024, 1, 3, 10, tzinfo=UTC)
    assert data.ranked.tolist() == [1, 2]
    bought = data.edges.edges["User", "PURCHASED", "Item"]
    assert dict(zip(bought["target_index"].to_pylist(), bought["count"].to_pylist(), strict=True)) == {
        1: 3,
        2: 3,
    }


def test_indices_do_not_depend_on_the_moment(tables: Tables) -> None:
    before = training_data(tables, config=STANDARD, is_sequence=False, until=CUT)
    whole = training_data(tables, config=STANDARD, is_sequence=False)

    for label in ("Item", "Category", "User"):
        key = f"{label.lower()}_id"
        assert before.edges.nodes[label][key].to_pylist() == whole.edges.nodes[label][key].to_pylist()


@pytest.mark.parametrize(
    ("is_sequence", "min_item_baskets", "ranked"),
    [(False, 3, [1, 2]), (False, 2, [1, 2, 3]), (True, None, [1, 2, 3]), (True, 3, [1, 2])],
)
def test_items_in_enough_baskets_are_ranked(
    tables: Tables, is_sequence: bool, min_item_baskets: int | None, ranked: list[int]
) -> None:
    config = replace(STANDARD, min_item_baskets=min_item_baskets)

    data = training_data(tables, config=config, is_sequence=is_sequence)

    assert data.is_sequence is is_sequence
    assert data.ranked.tolist() == ranked


def test_a_large_shop_of_sequences_ranks_all_that_was_bought(make_tables: MakeTables) -> None:
    # 6,000 baskets: a shop of baskets would rank items of two or more.
    tables = make_tables(
        [("often", f"2024-01-01T{n // 250:02}:{n % 60:02}:00Z", f"u{n}", str(n)) for n in range(5_999)]
        + [("once", "2024-01-02T00:00:00Z", "u0", "last")]
    )

    baskets, sequences = (
        training_data(tables, config=STANDARD, is_sequence=is_sequence) for is_sequence in (False, True)
    )

    assert baskets.ranked.tolist() == [0]
    assert sequences.ranked.tolist() == [0, 1]


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
