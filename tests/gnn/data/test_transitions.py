from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from gnn.data.transitions import cosine, count_transitions, fit_transitions, transition_relations
from gnn.scoring.sequences import Sequences

# User 0 bought 0, 1, 2; user 1 bought 0, 1; user 2 bought 3 alone.
SEQUENCES = Sequences(
    indptr=np.array([0, 3, 5, 6]), item=np.array([0, 1, 2, 0, 1, 3], dtype=np.int32), age_days=np.zeros(6)
)
NOTHING = Sequences(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0))


def test_a_follower_counts_by_its_distance_and_only_within_a_user() -> None:
    counts = count_transitions(SEQUENCES, 4, max_distance=2).toarray()

    expected = np.zeros((4, 4))
    expected[0, 1], expected[1, 2], expected[0, 2] = 2, 1, 1 / 2
    assert counts.tolist() == expected.tolist()


def test_a_distance_longer_than_all_histories_adds_nothing() -> None:
    near, far = (count_transitions(SEQUENCES, 4, max_distance=steps) for steps in (2, 9))

    assert near.toarray().tolist() == far.toarray().tolist()


def test_the_cosine_divides_by_how_much_leads_away_and_how_much_leads_there() -> None:
    strength = cosine(count_transitions(SEQUENCES, 4, max_distance=1)).toarray()

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
