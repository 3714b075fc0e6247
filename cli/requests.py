"""Requests of commands: validated as the HTTP routes validate them, with one-line errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from bundles.request.schemas import Request

_R = TypeVar("_R", bound="Request")


def read_request(model: type[_R], body: Mapping[str, object]) -> _R:
    """`body` as a request.

    Raises:
        RequestError: If it is not valid; it names the first error.
    """
    from pydantic import ValidationError

    from bundles.request.schemas import RequestError

    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise RequestError(field, first["msg"].removeprefix("Value error, ")) from error
