"""Ordered histories, and the vector that an attention gate makes of each. NumPy alone: serving runs it.

For a history of items j₁ … j_n, oldest first, s_j steps back and a_j days old (0 steps: the latest), head h
attends with its own part of the d numbers of a vector:

    g_hj = exp(step_h[min(s_j, S - 1)] + item_h[j] + age_h log(1 + a_j))
    q    = source_{j_n} + concat_h(Σ_j g_hj history_j[h] / (Σ_j g_hj)^{power_h})

and q · target_i + bias_i is the score of item i. The attention has no query of its own, so one sum over the
history gives q. SASRec (Kang & McAuley 2018) learns the same task from the same examples with self-attention.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.containers import zeros_field


@dataclass(frozen=True)
class Sequences:
    """Ordered histories: that of query q is the rows `indptr[q]:indptr[q + 1]`, oldest first."""

    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """Ranked index, [num_events]."""
    age_days: NDArray[np.floating]
    """Days from the event to the moment of the query, [num_events]."""

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def __getitem__(self, part: slice) -> Sequences:
        start, stop, step = part.indices(len(self))
        return self.take(np.arange(start, stop, step))

    def take(self, rows: NDArray[np.integer]) -> Sequences:
        """The histories `rows`, in that order."""
        lengths = np.diff(self.indptr)[rows]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        place = np.arange(indptr[-1]) + np.repeat(self.indptr[rows] - indptr[:-1], lengths)
        return Sequences(indptr, self.item[place], self.age_days[place])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Events of each history, [len(self)]."""
        return np.diff(self.indptr)

    @property
    def query(self) -> NDArray[np.int64]:
        """The history that each event is of, [num_events]."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def steps_back(self) -> NDArray[np.int64]:
        """0 for the latest event of a history, 1 for the one before, [num_events]."""
        return np.repeat(self.indptr[1:], self.lengths) - 1 - np.arange(len(self.item))


@dataclass(frozen=True)
class SequenceGate:
    """Log attention weights of the events of a history, by the formula of this module."""

    by_step: NDArray[np.float32] = zeros_field(np.float32, 0, 0)
    """[num_heads, S]"""
    by_item: NDArray[np.float32] = zeros_field(np.float32, 0, 0)
    """[num_ranked, num_heads]"""
    by_age: NDArray[np.float32] = zeros_field(np.float32)
    """[num_heads]"""
    power: NDArray[np.float32] = zeros_field(np.float32)
    """[num_heads]; 1: a mean, 0: a sum."""


def sequence_vectors(
    sequences: Sequences,
    gate: SequenceGate,
    *,
    source: NDArray[np.float32],
    history: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The vector q of each history, [len(sequences), d]; zeros for an empty one.

    `source` and `history` are the tables of the model, both [num_ranked, d].
    """
    num_heads, num_steps = gate.by_step.shape
    item, steps = sequences.item, sequences.steps_back
    logits = gate.by_step[:, np.minimum(steps, num_steps - 1)].T + gate.by_item[item]
    logits += gate.by_age * np.log1p(np.maximum(sequences.age_days, 0))[:, np.newaxis]
    attention = np.exp(logits)  # [num_events, num_heads]
    shape = num_heads, history.shape[1] // num_heads
    attended = history[item].reshape(len(item), *shape) * attention[:, :, np.newaxis]
    vectors = np.zeros((len(sequences), *shape), dtype=np.float32)
    has_events = sequences.lengths > 0
    if has_events.any():
        starts = sequences.indptr[:-1][has_events]
        total = np.add.reduceat(attention, starts, axis=0) ** gate.power
        vectors[has_events] = np.add.reduceat(attended, starts, axis=0) / total[:, :, np.newaxis]
    result = vectors.reshape(len(sequences), history.shape[1])
    result[has_events] += source[item[sequences.indptr[1:][has_events] - 1]]
    return result


def sequence_scores(
    sequences: Sequences,
    gate: SequenceGate,
    *,
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    history: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Scores q · target + bias of all items, [len(sequences), num_ranked].

    `source`, `target` and `history` are the tables of the model, [num_ranked, d]; `bias` is [num_ranked].
    """
    vectors = sequence_vectors(sequences, gate, source=source, history=history)
    return np.asarray(vectors @ target.T + bias, dtype=np.float32)


def decayed(sequences: Sequences, *, rate: float) -> NDArray[np.float32]:
    """Weight of each event where a step back costs e^−rate, [num_events]; `inf`: the latest alone."""
    steps = sequences.steps_back
    if np.isinf(rate):
        return np.asarray(steps == 0, dtype=np.float32)
    return np.asarray(np.exp(-rate * steps), dtype=np.float32)
