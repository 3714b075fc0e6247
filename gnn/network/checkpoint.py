"""Checkpoints: the state of a training run, written after every epoch, so that a killed run can resume."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Checkpoint:
    """The state after an epoch."""

    key: str
    """Digest of the training data and the configuration: another run's checkpoint is not used."""
    epoch: int
    """Epochs done."""
    model: dict[str, Tensor]
    optimiser: dict[str, Any]
    best_model: dict[str, Tensor]
    best_epoch: int
    best_ndcg: float
    torch_state: Tensor
    """State of PyTorch's random generator."""
    numpy_state: dict[str, Any]
    """State of the generator that shuffles and hides."""
    seconds: float
    """Training time so far."""


def save_checkpoint(file: Path, checkpoint: Checkpoint) -> None:
    """Replace `file` in one rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    torch.save({name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}, unfinished)
    unfinished.replace(file)


def load_checkpoint(file: Path, *, key: str) -> Checkpoint | None:
    """The checkpoint in `file`; none if there is no file, it is damaged, or it belongs to another run."""
    try:
        values = torch.load(file, map_location="cpu", weights_only=True)
    except (FileNotFoundError, EOFError, RuntimeError, pickle.UnpicklingError):
        return None
    if values.get("key") != key:
        return None
    return Checkpoint(**values)
