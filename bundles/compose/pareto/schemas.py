"""Request and answer of `POST /v1/bundles/pareto`."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, field_validator

from bundles.present.answers import GeneratedBundle, ListAnswer, Share
from bundles.request.schemas import MAX_BUNDLES, ComposeRequest, ObjectiveName
from etl.errors import StageError


class ParetoUnavailableError(StageError):
    """pymoo, which searches for fronts, is not installed."""

    def __init__(self) -> None:
        super().__init__("fronts need pymoo, which is not installed: pip install 'bundlegraph[pareto]'")


class ParetoRequest(ComposeRequest):
    """Bundles of a Pareto front: none is at least as good as another on all objectives and better on one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "anchors": ["1082185"],
                    "objectives": ["coherence", "margin"],
                    "size": {"min": 2, "max": 4},
                    "n": 20,
                    "constraints": {"price_max": 20.0, "min_categories": 2},
                },
                {"size": 3, "n": 10},
            ]
        }
    )

    objectives: (
        Annotated[tuple[ObjectiveName, ...], Field(strict=False, min_length=2, max_length=5)] | None
    ) = None
    """Objectives to compare bundles on; the first one also orders them. Null: coherence, user_fit where
    something is known about the visitor, and margin where costs are known, else breadth."""
    n: int = Field(20, ge=1, le=MAX_BUNDLES)
    """Maximum number of bundles; of a larger front, bundles that are spread over it."""

    @field_validator("objectives")
    @classmethod
    def _distinct(cls, value: tuple[ObjectiveName, ...] | None) -> tuple[ObjectiveName, ...] | None:
        if value is not None and len(set(value)) < len(value):
            raise ValueError("expected each objective once")
        return value


class ParetoAnswer(ListAnswer):
    """A Pareto front: no bundle is at least as good as another on every objective and better on one."""

    objectives: list[ObjectiveName]
    """The objectives that the bundles are compared on."""
    hypervolume: Share
    """Share of the unit cube of the objectives that the whole front dominates: 1 for a bundle that is perfect
    on all of them, 0 where an objective is 0 for all bundles."""
    num_points: int
    """Number of bundles of the whole front."""
    num_evaluations: int
    """Number of sets that the search evaluated."""
    bundles: list[GeneratedBundle]
    """At most `n` bundles of the front, best on the first objective first; `score` is the mean of the
    objectives."""
