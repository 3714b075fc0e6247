"""Merchandising decisions: record, list, revoke. They apply from the next answer on.

These routes wait for the disk and run in the thread pool, so that other answers go on.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.deps import DecisionsDep, RequestId, ServingDep
from api.examples import DECISION_ANSWER, DECISIONS_ANSWER, answer_example
from api.problems import ModelUnavailableError
from api.serving import Serving
from bundles.present.answers import Answer
from bundles.rules.decisions import DecisionRequest, Revocation
from bundles.rules.listing import ListedDecision, list_decisions
from bundles.rules.log import DecisionLog

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])

DecisionIdPath = Annotated[
    int, Path(alias="decision_id", ge=1, le=2**31 - 1, description="The `id` of a decision.", examples=[7])
]


class DecisionsQuery(BaseModel):
    """The query of the list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    all: bool = Field(False, description="Also list replaced and revoked decisions: the whole audit trail.")


class DecisionAnswer(Answer):
    """One decision."""

    request_id: str
    decision: ListedDecision


class DecisionsAnswer(Answer):
    """Decisions, latest first."""

    request_id: str
    warnings: list[str]
    decisions: list[ListedDecision]


@router.post(
    "", status_code=201, summary="Record a decision", responses=answer_example(DECISION_ANSWER, status=201)
)
def make_decision(
    request: DecisionRequest, serving: ServingDep, log: DecisionsDep, request_id: RequestId
) -> DecisionAnswer:
    """Record a decision. It is durable when this answers, and every later answer applies it.

    It replaces an earlier decision of the same kind for the same items or bundle; `approve`, `reject` and
    `pin` replace each other. Its items or bundle must be in the catalogue of the model in service (422).
    """
    with suppress(ModelUnavailableError):
        serving.model().recommender.rules.targets.check(request)
    return _answer(log.record(request).id, serving, log, request_id)


@router.get("", summary="The decisions in force", responses=answer_example(DECISIONS_ANSWER))
def list_all_decisions(
    query: Annotated[DecisionsQuery, Query()], serving: ServingDep, log: DecisionsDep, request_id: RequestId
) -> DecisionsAnswer:
    """Decisions, latest first: who made each, when, and its status with the reason."""
    warnings: list[str] = []
    listed = _listed(serving, log, everything=query.all, warnings=warnings)
    return DecisionsAnswer(request_id=request_id, warnings=warnings, decisions=listed)


@router.delete("/{decision_id}", summary="Revoke a decision", responses=answer_example(DECISION_ANSWER))
def revoke_decision(
    decision_id: DecisionIdPath,
    query: Annotated[Revocation, Query()],
    serving: ServingDep,
    log: DecisionsDep,
    request_id: RequestId,
) -> DecisionAnswer:
    """Revoke a decision; the one that it replaced is active again. `?all=true` still lists both."""
    return _answer(log.revoke(decision_id, revoked_by=query.revoked_by).id, serving, log, request_id)


def _answer(decision_id: int, serving: Serving, log: DecisionLog, request_id: str) -> DecisionAnswer:
    listed = _listed(serving, log, everything=True, warnings=[])
    decision = next(each for each in listed if each.id == decision_id)
    return DecisionAnswer(request_id=request_id, decision=decision)


def _listed(
    serving: Serving, log: DecisionLog, *, everything: bool, warnings: list[str]
) -> list[ListedDecision]:
    resolved = None
    try:
        resolved = serving.model().recommender.rules.resolved()
    except ModelUnavailableError as error:
        warnings.append(f"without a model, decisions without effect are not marked: {error}")
    return list_decisions(log.history(), resolved=resolved, everything=everything)
