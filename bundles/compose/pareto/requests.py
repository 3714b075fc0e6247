"""What may be asked of the front: the body of `POST /v1/bundles/pareto`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator

from bundles.request.schemas import MAX_BUNDLES, ComposeRequest

ObjectiveName = Literal["coherence", "user_fit", "breadth", "margin", "discount"]


class ParetoRequest(ComposeRequest):
    """Bundles of which none is better than another on all objectives: what there is to choose from."""

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
    """What bundles are compared on, the first one also orders them. Null: coherence, user_fit where something
    is known of the visit, and margin where costs are known, else breadth."""
    n: int = Field(20, ge=1, le=MAX_BUNDLES)
    """How many bundles at most: of a larger front, those that are spread over it."""

    @field_validator("objectives")
    @classmethod
    def _distinct(cls, value: tuple[ObjectiveName, ...] | None) -> tuple[ObjectiveName, ...] | None:
        if value is not None and len(set(value)) < len(value):
            raise ValueError("expected each objective once")
        return value
