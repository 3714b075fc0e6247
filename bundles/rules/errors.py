"""Errors about decisions.

StageError
└── DecisionError
    ├── JournalError           the database cannot be used
    ├── UnknownDecisionError   no decision with this id
    └── AlreadyRevokedError    revoked before
"""

from __future__ import annotations

from etl.errors import StageError


class DecisionError(StageError):
    """Something is wrong with a decision or with the journal."""


class JournalError(DecisionError):
    """The decisions cannot be read or written; nothing is answered without them."""


class UnknownDecisionError(DecisionError):
    """There is no decision with this id."""

    def __init__(self, decision_id: int) -> None:
        super().__init__(f"no decision {decision_id}: GET /v1/decisions or bundlegraph decisions lists them")


class AlreadyRevokedError(DecisionError):
    """The decision was revoked before; a decision is revoked at most once."""

    def __init__(self, decision_id: int, revoked_by: str) -> None:
        super().__init__(f"decision {decision_id} was revoked before, by {revoked_by}")
