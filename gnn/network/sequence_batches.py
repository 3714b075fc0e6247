"""Batches of ordered histories: at every place of a history, the item that comes next is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnn.scoring.sequences import Sequences


@dataclass(frozen=True)
class SequenceBatch:
    """Histories side by side, L events of each; those of a shorter one end before L."""

    items: Tensor
    """Ranked index, 0 where there is no event, [B, L]."""
    is_event: Tensor
    """[B, L]"""
    age_days: Tensor
    """Days from the event at place s to the moment at which place t asks for its next, [B, L (t), L (s)]."""
    asked: Tensor
    """The places that ask, b · L + t, [num_asked]."""
    hidden: Tensor
    """The item that comes next, ranked index, [num_asked]."""


def next_item_batch(
    sequences: Sequences, rows: NDArray[np.int64], *, max_steps: int, device: torch.device
) -> SequenceBatch:
    """The last `max_steps` + 1 events of the histories `rows`: each but the first is asked for.

    Age counts to the very event that is asked for: all that is known of the moment is when it is.
    """
    part = sequences.take(rows)
    is_kept = part.steps_back <= max_steps
    query, item, day = part.query[is_kept], part.item[is_kept], -part.age_days[is_kept].astype(np.float64)
    lengths = np.bincount(query, minlength=len(rows))
    place = np.arange(len(item)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    shape = (len(rows), int(lengths.max(initial=2)))
    items, days = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    is_event = np.zeros(shape, dtype=np.bool_)
    items[query, place], days[query, place], is_event[query, place] = item, day, True

    ages = np.maximum(days[:, 1:, np.newaxis] - days[:, np.newaxis, :-1], 0)
    asked = is_event[:, 1:]
    return SequenceBatch(
        items=torch.from_numpy(items[:, :-1].copy()).to(device),
        is_event=torch.from_numpy(is_event[:, :-1].copy()).to(device),
        age_days=torch.from_numpy(ages.astype(np.float32)).to(device),
        asked=torch.from_numpy(np.flatnonzero(asked)).to(device),
        hidden=torch.from_numpy(items[:, 1:][asked]).to(device),
    )


def steps_of_an_epoch(
    sequences: Sequences, *, max_steps: int, targets_a_step: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """The histories of two events or more, parted into steps of about `targets_a_step` asked items.

    Histories of about one length come together, else most of a batch would be empty places.
    """
    rows = rng.permutation(np.flatnonzero(sequences.lengths > 1))
    targets = np.minimum(sequences.lengths[rows] - 1, max_steps)
    # Lengths are blurred, so that not the same histories meet in every epoch.
    order = np.argsort(targets + 5 * rng.random(len(rows)), kind="stable")
    step = np.cumsum(targets[order]) // targets_a_step
    parts = np.split(rows[order], np.flatnonzero(np.diff(step)) + 1)
    return [parts[number] for number in rng.permutation(len(parts)) if len(parts[number])]
