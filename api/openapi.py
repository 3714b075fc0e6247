"""The OpenAPI description: FastAPI's own, with every error as the problem that it is."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api.problems import MEDIA_TYPE, Problem

#: What any route may answer. Each names the shape; `describe_problems` names the media type.
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "The request is wrong; `errors` names the fields"},
    "default": {"model": Problem, "description": "A problem"},
}


def describe_problems(app: FastAPI) -> None:
    """Make the description of `app` say `application/problem+json` where FastAPI assumes plain JSON."""
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
