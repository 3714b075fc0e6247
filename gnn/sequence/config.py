"""Settings of what learns from ordered histories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SequenceConfig:
    """How a model learns the next item; what is not here is as in `TrainingConfig`."""

    is_ordered: bool = True
    """False: the order and age of a history are not heard, for the comparison."""
    embedding_dim: int = 64
    """Length of an item's vectors; a multiple of `num_heads`."""
    num_heads: int = 4
    """Parts of a vector that remember for different times."""
    max_steps: int = 50
    """Events of a history that are learned from at once; older ones are as loud as the oldest of these."""
    num_neighbours: int = 10
    """Strongest transitions that an item receives from, each way."""
    dropout: float = 0.4
    """Share of a history's vector that is dropped in training."""
    event_dropout: float = 0.2
    """Share of a history's events that are dropped in training."""
    targets_a_step: int = 4_096
    """Items asked for a step, about."""
    learning_rate: float = 6e-3
    """Of Adam, at the first epoch; falls linearly to a tenth at the last."""
    max_epochs: int = 6
    """Passes over the histories, at most."""
