"""Why no front can be searched for.

StageError
└── ParetoUnavailableError
"""

from __future__ import annotations

from etl.errors import StageError


class ParetoUnavailableError(StageError):
    """What searches for fronts is not installed."""

    def __init__(self) -> None:
        super().__init__("fronts need pymoo, which is not installed: pip install 'bundlegraph[pareto]'")
