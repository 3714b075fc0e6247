"""Record, revoke and read decisions in SQL."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping, insert, select, update

from bundles.rules.decisions import Decision, DecisionRequest
from bundles.rules.errors import AlreadyRevokedError, JournalError, UnknownDecisionError
from bundles.rules.journal import Journal, decision_items, decision_revocations, decision_version, decisions

_VERSION = select(decision_version.c.number)
_DECISIONS = (
    select(decisions, decision_revocations.c.revoked_by, decision_revocations.c.revoked_at)
    .outerjoin_from(decisions, decision_revocations)
    .order_by(decisions.c.id)
)
_ITEMS = select(decision_items.c.decision_id, decision_items.c.item_id).order_by(
    decision_items.c.decision_id, decision_items.c.position
)


@dataclass(frozen=True)
class History:
    """All decisions, in the order of recording."""

    version: int
    decisions: tuple[Decision, ...]


class DecisionStore:
    """The decisions in `journal`. Writes are durable when a method returns; threads may share it.

    Raises:
        JournalError: From each method, if the journal cannot be read or written.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def version(self) -> int:
        """The number that grows with every decision and revocation."""
        with self._journal.reading() as connection:
            return int(connection.execute(_VERSION).scalar_one())

    def read(self) -> History:
        """All decisions ever made, and the version."""
        with self._journal.reading() as connection:
            version = connection.execute(_VERSION).scalar_one()
            rows = connection.execute(_DECISIONS).mappings().all()
            items: defaultdict[int, list[str]] = defaultdict(list)
            for decision_id, item_id in connection.execute(_ITEMS):
                items[decision_id].append(item_id)
        return History(version, tuple(_decision(row, items[row["id"]]) for row in rows))

    def record(self, request: DecisionRequest, *, made_at: datetime) -> Decision:
        """Add a decision."""
        values = request.model_dump(include=set(DecisionRequest.model_fields))
        items = values.pop("items")
        with self._journal.writing() as connection:
            _raise_version(connection)
            added = insert(decisions).values(**values, made_at=made_at).returning(decisions.c.id)
            decision_id = int(connection.execute(added).scalar_one())
            if items:
                connection.execute(
                    insert(decision_items),
                    [
                        {"decision_id": decision_id, "position": position, "item_id": item_id}
                        for position, item_id in enumerate(items)
                    ],
                )
        return Decision(id=decision_id, made_at=made_at, items=items, **values)

    def revoke(self, decision_id: int, *, revoked_by: str, revoked_at: datetime) -> Decision:
        """Revoke a decision; the one that it had replaced is active again.

        Raises:
            UnknownDecisionError: If there is no decision with that id.
            AlreadyRevokedError: If it was revoked before.
        """
        with self._journal.writing() as connection:
            _raise_version(connection)
            row = connection.execute(_DECISIONS.where(decisions.c.id == decision_id)).mappings().first()
            if row is None:
                raise UnknownDecisionError(decision_id)
            if row["revoked_by"] is not None:
                raise AlreadyRevokedError(decision_id, row["revoked_by"])
            items = connection.execute(_ITEMS.where(decision_items.c.decision_id == decision_id))
            found = _decision(row, [item_id for _, item_id in items])
            connection.execute(
                insert(decision_revocations).values(
                    decision_id=decision_id, revoked_by=revoked_by, revoked_at=revoked_at
                )
            )
        return found.model_copy(update={"revoked_by": revoked_by, "revoked_at": revoked_at})


def _raise_version(connection: Connection) -> None:
    connection.execute(update(decision_version).values(number=decision_version.c.number + 1))


def _decision(row: RowMapping, items: list[str]) -> Decision:
    try:
        return Decision(**row, items=tuple(items))
    except ValidationError as error:
        first = error.errors()[0]
        raise JournalError(
            f"decision {row['id']} in the journal is of another version of bundlegraph: {first['msg']}"
        ) from error
