"""Decisions as they are listed: each with whether it holds, and why where it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from bundles.decisions.requests import Decision
from bundles.decisions.word import not_revoked, question

Status = Literal["in_force", "no_effect", "replaced", "revoked"]


class ListedDecision(Decision):
    """A decision, and whether it holds."""

    status: Status
    """`no_effect`: in force, but not in the catalogue of the model in service; `remark` says why."""
    remark: str = ""


def list_decisions(
    history: Sequence[Decision], *, without_effect: Mapping[int, str], everything: bool
) -> list[ListedDecision]:
    """The decisions in force, the latest first; with `everything` also those replaced and revoked.

    Args:
        history: All decisions, in the order in which they were made.
        without_effect: Why a decision in force has no effect, by id (`bundles.decisions.resolve`).
        everything: Whether the whole audit trail is asked for.
    """
    last = {question(decision): decision.id for decision in not_revoked(history)}
    listed = [
        _listed(decision, last[question(decision)] if decision.revoked_at is None else None, without_effect)
        for decision in reversed(history)
    ]
    return [each for each in listed if everything or each.status in ("in_force", "no_effect")]


def _listed(decision: Decision, standing: int | None, without_effect: Mapping[int, str]) -> ListedDecision:
    status: Status
    if standing is None:
        status, remark = "revoked", ""
    elif standing != decision.id:
        status, remark = "replaced", f"by decision {standing}"
    elif decision.id in without_effect:
        status, remark = "no_effect", without_effect[decision.id]
    else:
        status, remark = "in_force", ""
    return ListedDecision(**decision.model_dump(), status=status, remark=remark)
