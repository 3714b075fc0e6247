"""Liveness and readiness."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from api.deps import ServingDep
from api.examples import READY_ANSWER, answer_example
from api.problems import MEDIA_TYPE, Problem, problem

router = APIRouter(tags=["health"])


class AliveAnswer(BaseModel):
    """The process is alive."""

    status: Literal["alive"] = "alive"


class CheckLine(BaseModel):
    """One check of readiness."""

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    detail: str


class ReadyAnswer(BaseModel):
    """All checks pass."""

    status: Literal["ready"] = "ready"
    checks: list[CheckLine]


class NotReadyProblem(Problem):
    """At least one check fails."""

    checks: list[CheckLine]


@router.get("/healthz", summary="Alive")
async def healthz() -> AliveAnswer:
    """Whether the process answers; checks nothing else."""
    return AliveAnswer()


@router.get(
    "/readyz", summary="Ready", responses={**answer_example(READY_ANSWER), 503: {"model": NotReadyProblem}}
)
async def readyz(serving: ServingDep, request: Request) -> Response:
    """Whether requests can be answered, with one line for each check; 503 if one fails."""
    checks = [CheckLine(name=check.name, ok=check.ok, detail=check.detail) for check in serving.checks()]
    if all(check.ok for check in checks):
        return Response(ReadyAnswer(checks=checks).model_dump_json(), media_type="application/json")
    failed = "; ".join(check.detail for check in checks if not check.ok)
    found = problem(503, failed, instance=request.url.path).model_dump()
    body = NotReadyProblem(**found, checks=checks).model_dump_json()
    return Response(body, status_code=503, media_type=MEDIA_TYPE)
