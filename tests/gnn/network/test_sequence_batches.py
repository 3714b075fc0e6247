from __future__ import annotations

import numpy as np
import torch

from gnn.network.sequence_batches import next_item_batch, steps_of_an_epoch
from gnn.scoring.sequences import Sequences

CPU = torch.device("cpu")
# Items 3, 1, 4 bought 7, 5 and 0 days before the end; items 2, 0 bought 4 and 3 days before; item 5 alone.
SEQUENCES = Sequences(
    indptr=np.array([0, 3, 5, 6]),
    item=np.array([3, 1, 4, 2, 0, 5], dtype=np.int32),
    age_days=np.array([7.0, 5, 0, 4, 3, 1]),
)


def test_every_place_asks_for_the_item_that_comes_next() -> None:
    batch = next_item_batch(SEQUENCES, np.array([0, 1]), max_steps=9, device=CPU)

    assert batch.items.tolist() == [[3, 1], [2, 0]]
    assert batch.asked.tolist() == [0, 1, 2]
    assert batch.hidden.tolist() == [1, 4, 0]
    # The second place of the second history holds its last item, which asks for nothing.
    assert batch.is_event.tolist() == [[True, True], [True, True]]


def test_age_counts_to_what_is_asked_for() -> None:
    ages = next_item_batch(SEQUENCES, np.array([0]), max_steps=9, device=CPU).age_days[0]

    assert ages[0, 0] == 7 - 5
    assert ages[1].tolist() == [7 - 0, 5 - 0]


def test_of_a_long_history_the_latest_steps_are_learned_from() -> None:
    batch = next_item_batch(SEQUENCES, np.array([0]), max_steps=1, device=CPU)

    assert batch.items.tolist() == [[1]]
    assert batch.hidden.tolist() == [4]


def test_an_epoch_learns_once_from_all_who_bought_twice() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 9, 40)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    sequences = Sequences(indptr, np.zeros(indptr[-1], np.int32), np.zeros(indptr[-1]))

    steps = steps_of_an_epoch(sequences, max_steps=5, targets_a_step=20, rng=rng)

    assert sorted(np.concatenate(steps).tolist()) == np.flatnonzero(lengths > 1).tolist()
    targets = [int(np.minimum(lengths[rows] - 1, 5).sum()) for rows in steps]
    assert max(targets) <= 20 + 5
    assert len(steps) > 1


def test_nobody_who_bought_twice_is_an_epoch_without_steps() -> None:
    alone = SEQUENCES.take(np.array([2]))

    assert steps_of_an_epoch(alone, max_steps=5, targets_a_step=20, rng=np.random.default_rng(0)) == []
