from __future__ import annotations

from datetime import UTC, datetime
from math import sqrt

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.data.purchases import Purchases, UserEvents
from gnn.data.sequences import (
    cosine_normalise,
    count_transitions,
    fit_transitions,
    is_sequential,
    transition_relations,
    user_sequences,
    users_as_baskets,
)
from gnn.scoring.sequences import Sequences

# User 0 bought 0, 1, 2; user 1 bought 0, 1; user 2 bought 3 alone.
SEQUENCES = Sequences(
    indptr=np.array([0, 3, 5, 6]), item=np.array([0, 1, 2, 0, 1, 3], dtype=np.int32), age_days=np.zeros(6)
)
NOTHING = Sequences(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0))


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


def test_a_follower_counts_by_its_distance_and_only_within_a_user() -> None:
    counts = count_transitions(SEQUENCES, 4, max_distance=2).toarray()

    expected = np.zeros((4, 4))
    expected[0, 1], expected[1, 2], expected[0, 2] = 2, 1, 1 / 2
    assert counts.tolist() == expected.tolist()


def test_a_distance_longer_than_all_histories_adds_nothing() -> None:
    near, far = (count_transitions(SEQUENCES, 4, max_distance=steps) for steps in (2, 9))

    assert near.toarray().tolist() == far.toarray().tolist()


def test_the_cosine_divides_by_how_much_leads_away_and_how_much_leads_there() -> None:
    strength = cosine_normalise(count_transitions(SEQUENCES, 4, max_distance=1)).toarray()

    assert strength[0, 1] == pytest.approx(2 / sqrt(2 * 2))
    assert strength[1, 2] == pytest.approx(1 / sqrt(1 * 1))
    assert strength.sum() == pytest.approx(2)


def test_the_strongest_followers_are_kept() -> None:
    kept = fit_transitions(SEQUENCES, num_ranked=4, max_distance=2, num_kept=1)

    assert kept.nnz == 2
    assert kept[[0, 1], [1, 2]].min() > 0


def test_without_order_items_receive_from_those_of_the_same_user_alone() -> None:
    relations = transition_relations(SEQUENCES, num_ranked=4, num_neighbours=5, is_ordered=False)

    assert list(relations) == ["same_user"]
    mean = relations["same_user"].toarray()
    assert (mean > 0).tolist() == (mean.T > 0).tolist()
    assert mean.sum(axis=1) == pytest.approx([1, 1, 1, 0])


def test_with_order_items_receive_from_followers_and_from_those_they_follow() -> None:
    relations = transition_relations(SEQUENCES, num_ranked=4, num_neighbours=5, is_ordered=True)

    assert set(relations) == {"same_user", "next", "previous"}
    assert sorted(relations["next"][0].indices.tolist()) == [1, 2]
    assert relations["previous"][0].nnz == 0


def test_no_histories_have_no_transitions() -> None:
    assert count_transitions(NOTHING, 4, max_distance=3).nnz == 0
    assert transition_relations(NOTHING, num_ranked=4, num_neighbours=5, is_ordered=True) == {}
