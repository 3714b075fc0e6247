"""Why a decision cannot be read or written.

StageError
└── DecisionError
    ├── JournalError           the database
    ├── UnknownDecisionError   the id
    └── AlreadyRevokedError    the second time
"""

from __future__ import annotations

from etl.errors import StageError


class DecisionError(StageError):
    """Something is wrong with a decision, or with where they are kept."""


class JournalError(DecisionError):
    """The decisions cannot be read or written: nothing is answered without them."""


class UnknownDecisionError(DecisionError):
    """There is no decision of that id."""

    def __init__(self, decision_id: int) -> None:
        super().__init__(f"no decision {decision_id}: GET /v1/decisions or bundlegraph decisions lists them")


class AlreadyRevokedError(DecisionError):
    """A decision is revoked once."""

    def __init__(self, decision_id: int, revoked_by: str) -> None:
        super().__init__(f"decision {decision_id} was revoked before, by {revoked_by}")
