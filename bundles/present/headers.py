"""What every answer says of itself, whatever it lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypedDict

from bundles.present.answers import Source, new_request_id, utc_text
from gnn.artifact.model import ArtifactInfo


class Header(TypedDict):
    """The fields of `ListAnswer`."""

    request_id: str
    model_version: str
    generated_at: str
    source: Source
    warnings: list[str]


class HeaderMaker:
    """Makes the headers of what one model answers; `now` says when."""

    def __init__(self, info: ArtifactInfo, *, now: Callable[[], datetime]) -> None:
        self._info, self._now = info, now

    def make(self, request_id: str | None, source: Source | None, warnings: Sequence[str]) -> Header:
        """The header of an answer; no `source` is popularity, no `request_id` a new one."""
        return {
            "request_id": request_id or new_request_id(),
            "model_version": self._info.model_version,
            "generated_at": utc_text(self._now()),
            "source": _named(source, self._info.kind),
            "warnings": list(warnings),
        }


def _named(source: Source | None, kind: str) -> Source:
    """The path as answers say it: the model by its kind, and `fallback` where nothing was known."""
    if source == "gnn" and kind == "closed_form":
        return "closed_form"
    return source or "fallback"
