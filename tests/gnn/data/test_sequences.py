from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from scipy.sparse import csr_matrix

from gnn.data.purchases import Purchases, UserEvents
from gnn.data.sequences import is_sequential, user_sequences, users_as_baskets


def purchases(lines: list[list[int]], basket_user: list[int], num_users: int = 2) -> Purchases:
    """Baskets a row, oldest first, one a day; everybody's events follow from them."""
    matrix = csr_matrix(np.array(lines, dtype=np.float32))
    events = [
        (user, item, len(lines) - 1 - basket)
        for basket, user in enumerate(basket_user)
        for item in matrix[basket].indices
        if user >= 0
    ]
    events.sort(key=lambda event: (event[0], -event[2]))
    users = np.array([user for user, _, _ in events], dtype=np.int64)
    counts = np.zeros((num_users, matrix.shape[1]), dtype=np.float32)
    np.add.at(counts, (users, [item for _, item, _ in events]), 1)
    return Purchases(
        lines=matrix,
        basket_user=np.array(basket_user),
        basket_age=np.arange(len(lines))[::-1].astype(np.float64),
        counts=csr_matrix(counts),
        events=UserEvents(
            np.concatenate([[0], np.cumsum(np.bincount(users, minlength=num_users))]),
            np.array([item for _, item, _ in events], dtype=np.int32),
            np.array([age for _, _, age in events], dtype=np.float64),
        ),
        as_of=datetime(2024, 1, 1, tzinfo=UTC),
    )


def test_baskets_of_one_item_are_sequences() -> None:
    assert is_sequential(purchases([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 0, 1]))


def test_baskets_of_several_items_are_not() -> None:
    assert not is_sequential(purchases([[1, 1, 1], [0, 1, 0]], [0, 0]))


def test_users_who_never_come_back_have_no_sequences() -> None:
    assert not is_sequential(purchases([[1, 0, 0], [0, 1, 0]], [0, 1]))
    assert not is_sequential(purchases([[1, 0, 0], [0, 1, 0]], [-1, -1]))
    assert not is_sequential(purchases([[0, 0, 0]], [0]))


def test_a_history_is_oldest_first() -> None:
    sequences = user_sequences(purchases([[0, 1, 0], [0, 0, 1], [1, 0, 0]], [1, 1, 0]))

    assert sequences.lengths.tolist() == [1, 2]
    assert sequences.item.tolist() == [0, 1, 2]
    assert sequences.age_days.tolist() == [0, 2, 1]


def test_all_that_a_user_bought_is_one_basket() -> None:
    baskets = users_as_baskets(purchases([[0, 1, 0], [0, 0, 1], [1, 0, 0]], [1, 1, 0]))

    assert baskets.lines.toarray().tolist() == [[1, 0, 0], [0, 1, 1]]
    assert baskets.basket_user.tolist() == [0, 1]
    assert baskets.basket_age.tolist() == [0, 0]
