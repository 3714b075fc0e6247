"""List decisions with their status: in force, replaced, revoked or without effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bundles.rules.decisions import Decision, not_revoked, rule_key
from bundles.rules.resolve import ResolvedRules

Status = Literal["in_force", "no_effect", "replaced", "revoked"]


class ListedDecision(Decision):
    """A decision with its status."""

    status: Status
    """`no_effect`: in force, but without effect in the catalogue of the model in service."""
    remark: str = ""
    """Why it has no effect, what keeps its bundle from being shown, or which decision replaced it."""


def list_decisions(
    history: Sequence[Decision], *, resolved: ResolvedRules | None, everything: bool
) -> list[ListedDecision]:
    """The decisions in force, the latest first; with `everything` also those replaced and revoked.

    Args:
        history: All decisions, in the order of recording.
        resolved: The active rules in the catalogue of the model in service; None without a model.
        everything: Whether to list the whole audit trail.
    """
    latest = {rule_key(decision): decision.id for decision in not_revoked(history)}
    listed = [
        _listed(decision, latest[rule_key(decision)] if decision.revoked_at is None else None, resolved)
        for decision in reversed(history)
    ]
    return [each for each in listed if everything or each.status in ("in_force", "no_effect")]


def _listed(decision: Decision, latest: int | None, resolved: ResolvedRules | None) -> ListedDecision:
    status: Status
    if latest is None:
        status, remark = "revoked", ""
    elif latest != decision.id:
        status, remark = "replaced", f"by decision {latest}"
    elif resolved is not None and decision.id in resolved.without_effect:
        status, remark = "no_effect", resolved.without_effect[decision.id]
    else:
        status, remark = "in_force", "" if resolved is None else resolved.hints.get(decision.id, "")
    return ListedDecision(**decision.model_dump(), status=status, remark=remark)
