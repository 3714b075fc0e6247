"""The graph stage's error."""

from __future__ import annotations

from etl.errors import StageError


class GraphError(StageError):
    """The store cannot do what was asked; the message says what to do about it."""
