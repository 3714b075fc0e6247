"""Counting the steps that a training run does, and stopping it."""

from __future__ import annotations


class StepCounter:
    """`count` is a `gnn.network.training.Progress`."""

    def __init__(self, *, stop_in_epoch: int | None = None, max_epochs: int = 3) -> None:
        """Raise KeyboardInterrupt at the first step of epoch `stop_in_epoch` of `max_epochs`, from 1."""
        self.num_steps = 0
        self._last_epoch = max_epochs if stop_in_epoch is None else stop_in_epoch - 1
        self._max_epochs = max_epochs

    def count(self, stage: str, done: int, total: int) -> None:
        if done > self._last_epoch * total // self._max_epochs:
            raise KeyboardInterrupt
        self.num_steps += 1
