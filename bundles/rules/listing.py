"""Decisions as they are listed: each with whether it holds, and why where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bundles.rules.requests import Decision
from bundles.rules.resolve import ResolvedWord
from bundles.rules.word import not_revoked, question

Status = Literal["in_force", "no_effect", "replaced", "revoked"]


class ListedDecision(Decision):
    """A decision, and whether it holds."""

    status: Status
    """`no_effect`: in force, but not for the model in service."""
    remark: str = ""
    """Why it has no effect, or what is in its way; which decision has replaced it."""


def list_decisions(
    history: Sequence[Decision], *, resolved: ResolvedWord | None, everything: bool
) -> list[ListedDecision]:
    """The decisions in force, the latest first; with `everything` also those replaced and revoked.

    Args:
        history: All decisions, in the order in which they were made.
        resolved: What of them stands in the catalogue of the model in service; none without one.
        everything: Whether the whole audit trail is asked for.
    """
    last = {question(decision): decision.id for decision in not_revoked(history)}
    listed = [
        _listed(decision, last[question(decision)] if decision.revoked_at is None else None, resolved)
        for decision in reversed(history)
    ]
    return [each for each in listed if everything or each.status in ("in_force", "no_effect")]


def _listed(decision: Decision, standing: int | None, resolved: ResolvedWord | None) -> ListedDecision:
    status: Status
    if standing is None:
        status, remark = "revoked", ""
    elif standing != decision.id:
        status, remark = "replaced", f"by decision {standing}"
    elif resolved is not None and decision.id in resolved.without_effect:
        status, remark = "no_effect", resolved.without_effect[decision.id]
    else:
        status, remark = "in_force", "" if resolved is None else resolved.hints.get(decision.id, "")
    return ListedDecision(**decision.model_dump(), status=status, remark=remark)
