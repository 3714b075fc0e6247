"""The model in service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.deps import ServingDep
from api.examples import MODEL_ANSWER, answer_example
from api.serving import ServedModel
from bundles.present.answers import utc_text

router = APIRouter(prefix="/v1/model", tags=["model"])


class ModelAnswer(BaseModel):
    """Version, age and metrics of a model."""

    model_config = ConfigDict(frozen=True, protected_namespaces=(), use_attribute_docstrings=True)

    model_version: str
    kind: str
    """`gnn`, or `closed_form` with too little data to train on."""
    created_at: str
    """RFC 3339, UTC, as all times."""
    loaded_at: str
    as_of: str
    """Time of the last training event."""
    age_seconds: int
    """Since `created_at`."""
    num_items: int
    currency: str | None
    metrics: dict[str, Any]
    """Measured before the final fit, with the baselines."""
    warnings: list[str]


@router.get("", summary="The model in service", responses=answer_example(MODEL_ANSWER))
async def read_model(serving: ServingDep) -> ModelAnswer:
    """Version, metrics and age of the model in service."""
    return _answer(serving.model())


@router.post("/reload", summary="Swap in the promoted model", responses=answer_example(MODEL_ANSWER))
def reload_model(serving: ServingDep) -> ModelAnswer:
    """Load the promoted model and put it in service; if that fails, the current one stays (409)."""
    return _answer(serving.reload())


def _answer(served: ServedModel) -> ModelAnswer:
    info = served.recommender.info
    created_at = datetime.fromisoformat(info.created_at)
    return ModelAnswer(
        model_version=info.model_version,
        kind=info.kind,
        created_at=info.created_at,
        loaded_at=utc_text(served.loaded_at),
        as_of=info.as_of,
        age_seconds=max(int((datetime.now(UTC) - created_at).total_seconds()), 0),
        num_items=served.recommender.num_items,
        currency=info.currency,
        metrics=info.metrics,
        warnings=info.warnings,
    )
