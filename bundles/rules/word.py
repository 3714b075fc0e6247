"""What stands of all that was decided: later decisions replace earlier ones, revoked ones never were."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from bundles.rules.requests import Decision

#: Three answers to one question: shall this bundle be shown?
VERDICTS = ("approve", "reject", "pin")


@dataclass(frozen=True)
class MerchantWord:
    """The decisions in force, in the order in which they were made; at most one a question."""

    version: int
    """Grows with every decision and revocation."""
    decisions: tuple[Decision, ...]


#: Nothing was ever decided.
NO_WORD = MerchantWord(0, ())


def word_of(history: Sequence[Decision], *, version: int) -> MerchantWord:
    """What stands of `history`, which is in the order in which decisions were made."""
    standing = {question(decision): decision for decision in not_revoked(history)}
    return MerchantWord(version, tuple(sorted(standing.values(), key=lambda decision: decision.id)))


def not_revoked(history: Iterable[Decision]) -> Iterable[Decision]:
    """The decisions of `history` that were not revoked."""
    return (decision for decision in history if decision.revoked_at is None)


def question(decision: Decision) -> Hashable:
    """What `decision` answers: a later answer to the same question replaces it.

    The kind and the target (the items in any order, or the shop's bundle); `approve`, `reject` and `pin` are
    answers to one question.
    """
    about = "verdict" if decision.kind in VERDICTS else decision.kind
    return about, decision.bundle_id, frozenset(decision.items)
