from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest

from gnn.scoring.sequences import SequenceGate, Sequences, decayed, sequence_vectors

# Three histories: items 2, 0, 1 (ages 9, 3, 1 days), nothing, item 1 alone.
SEQUENCES = Sequences(
    indptr=np.array([0, 3, 3, 4]),
    item=np.array([2, 0, 1, 1], dtype=np.int32),
    age_days=np.array([9.0, 3.0, 1.0, 0.0]),
)
HISTORY = np.array([[1, 10], [2, 20], [4, 40]], dtype=np.float32)
NO_SOURCE = np.zeros((3, 2), dtype=np.float32)
#: Two heads of one number each; the first weighs all alike, the second half as much at each step back.
GATE = SequenceGate(
    by_step=np.array([[0, 0, 0], [0, -log(2), -2 * log(2)]], dtype=np.float32),
    by_item=np.zeros((3, 2), dtype=np.float32),
    by_age=np.zeros(2, dtype=np.float32),
    power=np.array([0, 1], dtype=np.float32),
)


def vectors(gate: SequenceGate, sequences: Sequences = SEQUENCES) -> list[list[float]]:
    found = sequence_vectors(sequences, gate, source=NO_SOURCE, history=HISTORY)
    return [list(map(float, row)) for row in found]


def test_each_head_sums_its_part_of_the_history_by_the_weight_of_its_steps() -> None:
    first, empty, single = vectors(GATE)

    total = 1 + 1 / 2 + 1 / 4
    assert first == pytest.approx([4 + 1 + 2, (20 + 10 / 2 + 40 / 4) / total])
    assert empty == [0, 0]
    assert single == pytest.approx([2, 20])


def test_an_event_is_weighed_by_its_age() -> None:
    aged = replace(GATE, by_step=np.zeros((2, 3), np.float32), by_age=np.array([-1, -1], np.float32))

    first = vectors(aged)[0]

    assert first[0] == pytest.approx(4 / 10 + 1 / 4 + 2 / 2, rel=1e-5)


def test_an_item_is_weighed_by_its_own_attention_and_a_power_of_the_total_divides() -> None:
    by_item = np.array([[0, 0], [log(3), 0], [0, 0]], dtype=np.float32)
    weighed = replace(GATE, by_item=by_item, power=np.array([0.5, 1], dtype=np.float32))

    assert vectors(weighed)[0][0] == pytest.approx((4 + 1 + 3 * 2) / sqrt(1 + 1 + 3), rel=1e-5)


def test_the_latest_item_adds_its_source_vector() -> None:
    source = np.array([[0, 0], [7, 0], [0, 0]], dtype=np.float32)

    found = sequence_vectors(SEQUENCES, GATE, source=source, history=HISTORY)

    assert (found - sequence_vectors(SEQUENCES, GATE, source=NO_SOURCE, history=HISTORY)).tolist() == [
        [7, 0],
        [0, 0],
        [7, 0],
    ]


def test_events_older_than_the_gate_knows_weigh_as_the_oldest_that_it_knows() -> None:
    short = replace(GATE, by_step=GATE.by_step[:, :2])

    assert vectors(short)[0][1] == pytest.approx((20 + 10 / 2 + 40 / 2) / 2, rel=1e-5)


def test_histories_can_be_taken_in_any_order_and_cut() -> None:
    taken = SEQUENCES.take(np.array([2, 0, 0]))

    assert len(taken) == 3
    assert taken.item.tolist() == [1, 2, 0, 1, 2, 0, 1]
    assert taken.age_days.tolist() == [0, 9, 3, 1, 9, 3, 1]
    assert SEQUENCES[1:].lengths.tolist() == [0, 1]
    assert SEQUENCES[::2].item.tolist() == [2, 0, 1, 1]


def test_steps_are_counted_back_from_the_latest() -> None:
    assert SEQUENCES.steps_back.tolist() == [2, 1, 0, 0]
    assert SEQUENCES.query.tolist() == [0, 0, 0, 2]
    assert decayed(SEQUENCES, rate=1.0).tolist() == pytest.approx([exp(-2), exp(-1), 1, 1])
    assert decayed(SEQUENCES, rate=float("inf")).tolist() == [0, 0, 1, 1]
    assert decayed(SEQUENCES, rate=0.0).tolist() == [1, 1, 1, 1]


def test_no_histories_have_no_vectors() -> None:
    nothing = Sequences(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0))

    assert sequence_vectors(nothing, GATE, source=NO_SOURCE, history=HISTORY).shape == (0, 2)
