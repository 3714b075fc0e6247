from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from gnn.data.next_item import NextItemQueries, next_item_queries
from gnn.data.purchase_log import PurchaseLog

START = datetime(2024, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def log(*users: list[tuple[int, float]], num_ranked: int = 6) -> PurchaseLog:
    """Each user's (item, day), oldest first."""
    lengths = [len(events) for events in users]
    at = [day(number) for events in users for _, number in events]
    return PurchaseLog(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        item=np.array([item for events in users for item, _ in events], dtype=np.int32),
        at=np.array([int(moment.timestamp()) * 1_000_000 for moment in at], dtype=np.int64),
        num_ranked=num_ranked,
    )


def test_the_first_purchase_of_the_window_is_asked_for_from_all_before_it() -> None:
    queries = next_item_queries(log([(3, 0), (1, 2), (4, 5), (5, 6)]), since=day(4), until=day(7))

    assert queries.hidden.tolist() == [4]
    assert queries.histories.item.tolist() == [3, 1]
    assert queries.histories.age_days.tolist() == [5 - 0, 5 - 2]
    assert queries.carts.toarray().tolist() == [[0, 1, 0, 1, 0, 0]]


def test_a_strict_history_ends_where_it_is_told_to() -> None:
    purchases = log([(3, 0), (1, 2), (4, 5)])

    strict = next_item_queries(purchases, since=day(4), until=None, history_until=day(1))

    assert strict.histories.item.tolist() == [3]
    assert strict.hidden.tolist() == [4]


def test_users_without_a_history_or_a_purchase_in_the_window_ask_nothing() -> None:
    purchases = log([(0, 5)], [(0, 1), (1, 2)], [(2, 1), (3, 5)], [])

    queries = next_item_queries(purchases, since=day(4), until=day(9))

    assert queries.users.tolist() == [2]


def test_what_is_bought_at_the_very_moment_is_not_before_it() -> None:
    queries = next_item_queries(log([(0, 1), (1, 5), (2, 5)]), since=day(4), until=None)

    assert queries.hidden.tolist() == [1]
    assert queries.histories.item.tolist() == [0]


def test_what_the_user_already_had_is_not_asked_for() -> None:
    queries = next_item_queries(log([(0, 1), (0, 5), (2, 6)], [(1, 1), (1, 5)]), since=day(4), until=None)

    assert queries.users.tolist() == [0]
    assert queries.hidden.tolist() == [2]
    assert queries.carts.toarray()[0].tolist() == [1, 0, 0, 0, 0, 0]


def test_a_part_of_the_queries_keeps_their_histories() -> None:
    purchases = log([(0, 1), (1, 5)], [(2, 1), (3, 2), (4, 5)], [(5, 1), (0, 5)])

    queries = next_item_queries(purchases, since=day(4), until=None)

    assert isinstance(queries[1:], NextItemQueries)
    assert queries[1:].histories.item.tolist() == [2, 3, 5]
    assert queries[::2].hidden.tolist() == [1, 0]


def test_a_window_without_purchases_has_no_queries() -> None:
    queries = next_item_queries(log([(0, 1), (1, 2)]), since=day(4), until=day(5))

    assert len(queries) == 0
    assert len(queries.histories) == 0
    assert queries.carts.shape == (0, 6)
