"""Errors as RFC 9457 `application/problem+json`, in answers and in the OpenAPI description.

`bundlegraph recommend --batch` writes the same objects, by `problem` and `problem_of_error`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.exceptions import HTTPException

from api.request_ids import REQUEST_ID_HEADER, request_id_of
from bundles.compose.pareto.schemas import ParetoUnavailableError
from bundles.request.schemas import RequestError, UnknownCategoryError, UnknownItemError
from bundles.rules.errors import AlreadyRevokedError, DecisionError, JournalError, UnknownDecisionError
from gnn.artifact.model import ArtifactError

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
#: The first part of a location in FastAPI errors is the source of the value; the rest is the field.
_SOURCES = {"body", "query", "path", "header"}

logger = logging.getLogger(__name__)


class FieldError(BaseModel):
    """An error in one field of a request."""

    model_config = ConfigDict(frozen=True)

    field: str
    """`constraints.price_max`, `cart[3]`, or `body` for the whole."""
    message: str


class Problem(BaseModel):
    """An error in the format of RFC 9457."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "anchors: no item 'B07X' in the catalogue",
                    "instance": "/v1/bundles/generate",
                    "errors": [{"field": "anchors", "message": "no item 'B07X' in the catalogue"}],
                }
            ]
        },
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[FieldError] = []


#: Problem responses of every route; `describe_problems` sets their media type.
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "The request is wrong; `errors` names the fields"},
    "default": {"model": Problem, "description": "A problem"},
}


class ModelUnavailableError(Exception):
    """No model is in service; the message gives the reason and what to do."""


class ReloadRefusedError(Exception):
    """The promoted model cannot be loaded; the one in service stays. The message gives the reason."""


def problem(
    status: int, detail: str, *, instance: str | None = None, errors: Sequence[FieldError] = ()
) -> Problem:
    """A problem with an HTTP status."""
    return Problem(title=_title(status), status=status, detail=detail, instance=instance, errors=list(errors))


def problem_of_validation(errors: Sequence[Any], *, instance: str | None = None) -> Problem:
    """A 422 that names the fields, from pydantic's `ValidationError.errors()`."""
    found = [_field_error(error) for error in errors]
    detail = "; ".join(f"{error.field}: {error.message}" for error in found[:3])
    if len(found) > 3:
        detail += f"; and {len(found) - 3} more"
    return problem(422, detail, instance=instance, errors=found[:MAX_ERRORS])


def problem_of_error(error: Exception, *, instance: str | None = None) -> Problem:
    """The problem to answer for an error; 500 for unexpected ones."""
    if isinstance(error, ValidationError):
        return problem_of_validation(
            error.errors(include_url=False, include_context=False), instance=instance
        )
    if isinstance(error, RequestError):
        found = FieldError(field=error.field, message=error.message)
        return problem(422, str(error), instance=instance, errors=[found])
    if isinstance(error, (UnknownItemError, UnknownCategoryError, UnknownDecisionError)):
        return problem(404, str(error), instance=instance)
    if isinstance(error, (ModelUnavailableError, ArtifactError, JournalError, ParetoUnavailableError)):
        return problem(503, str(error), instance=instance)
    if isinstance(error, (ReloadRefusedError, AlreadyRevokedError)):
        return problem(409, str(error), instance=instance)
    return problem(500, "internal error; quote the request id", instance=instance)


def install_problem_handlers(app: FastAPI) -> None:
    """Make `app` answer every error as a problem."""
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    for kind in (
        RequestError,
        UnknownItemError,
        UnknownCategoryError,
        DecisionError,
        ParetoUnavailableError,
        ModelUnavailableError,
        ReloadRefusedError,
    ):
        app.add_exception_handler(kind, _on_stage_error)
    app.add_exception_handler(Exception, _on_unexpected_error)


def problem_response(found: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """`found` as an HTTP answer."""
    body = found.model_dump(exclude_defaults=False, exclude_none=True)
    return JSONResponse(body, status_code=found.status, headers=headers, media_type=MEDIA_TYPE)


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    return problem_response(problem_of_validation(error.errors(), instance=request.url.path))


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"no such route: {request.url.path}; /docs lists them"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not a method of {request.url.path}"
    headers = dict(error.headers) if error.headers else None
    return problem_response(problem(error.status_code, detail, instance=request.url.path), headers)


async def _on_stage_error(request: Request, error: Exception) -> JSONResponse:
    return problem_response(problem_of_error(error, instance=request.url.path))


async def _on_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    # This handler runs outside all middleware, so it adds the request id header itself.
    request_id = request_id_of(request)
    logger.error("request %s: %s %s failed", request_id, request.method, request.url.path, exc_info=error)
    return problem_response(
        problem_of_error(error, instance=request.url.path), {REQUEST_ID_HEADER: request_id}
    )


def _title(status: int) -> str:
    # Python 3.11 and 3.13 differ in some phrases; these are the ones of RFC 9110.
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase


def _field_error(error: Any) -> FieldError:
    if error["type"] == "json_invalid":
        return FieldError(field="body", message="invalid JSON")
    field = _field(error["loc"])
    if field == "body" and error["type"] in {"model_attributes_type", "model_type"}:
        return FieldError(
            field=field, message="expected a JSON object, sent as Content-Type: application/json"
        )
    return FieldError(field=field, message=str(error["msg"]).removeprefix("Value error, "))


def _field(location: Sequence[str | int]) -> str:
    parts = list(location)
    if parts and parts[0] in _SOURCES and (len(parts) > 1 or parts[0] == "body"):
        parts = parts[1:]
    name = ""
    for part in parts:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name or "body"


def describe_problems(app: FastAPI) -> None:
    """Describe problems of `app` as `application/problem+json`, where FastAPI assumes plain JSON."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            for path in describe()["paths"].values():
                for operation in path.values():
                    _rename_media_types(operation["responses"])
        return describe()

    # FastAPI's documented way to extend the description is to replace this method.
    app.openapi = openapi  # type: ignore[method-assign]


def _rename_media_types(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        content = response.get("content", {})
        if not status.startswith("2") and "application/json" in content:
            content[MEDIA_TYPE] = content.pop("application/json")
