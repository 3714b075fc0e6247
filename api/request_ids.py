"""Middleware that puts an `X-Request-ID` into every answer: the caller's, or a new one."""

from __future__ import annotations

import re

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bundles.present.answers import new_request_id

REQUEST_ID_HEADER = "X-Request-ID"
_VISIBLE = re.compile(r"[\x21-\x7e]{1,128}")


class RequestIds:
    """ASGI middleware: gives each request an id and each answer the header.

    A caller's id is kept if it has at most 128 visible ASCII characters. Others are replaced: ids go to logs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _VISIBLE.fullmatch(given) else new_request_id()
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


def request_id_of(request: Request) -> str:
    """The id of `request`."""
    request_id: str = request.state.request_id
    return request_id
