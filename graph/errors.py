"""The error of the graph stage."""

from __future__ import annotations

from etl.errors import StageError


class GraphError(StageError):
    """A graph store cannot do what was requested; the message says how to fix it."""


def first_line(error: Exception) -> str:
    """The first line of the message of `error`."""
    return str(error).strip().splitlines()[0]
