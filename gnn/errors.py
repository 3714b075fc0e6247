"""The error of the learning stage."""

from __future__ import annotations

from etl.errors import StageError


class TrainingError(StageError):
    """A model cannot be trained from what is here; the message says what to do."""
