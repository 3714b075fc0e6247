"""The decisions of one home: read the active rules, record a decision, revoke one.

SQLAlchemy is imported when a journal exists or is written: a shop without decisions does not pay for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bundles.rules.decisions import NO_RULES, Decision, DecisionRequest, MerchandisingRules, rules_from

if TYPE_CHECKING:
    from bundles.rules.journal import Journal
    from bundles.rules.store import DecisionStore

#: File name below the home.
JOURNAL_FILE = "journal.db"


@dataclass(frozen=True)
class _Opened:
    journal: Journal
    store: DecisionStore
    identity: tuple[int, int]
    """Device and inode, which change when another file takes the place of this one."""


class DecisionLog:
    """Reads and writes the decisions of `home`, as other threads and processes may do at the same time.

    Close it after use; it is a context manager.

    Raises:
        JournalError: From each method, if the journal cannot be read or written.
    """

    def __init__(self, home: Path, *, now: Callable[[], datetime] | None = None) -> None:
        self._file = home / JOURNAL_FILE
        self._now = now or (lambda: datetime.now(UTC))
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._latest: tuple[DecisionStore, MerchandisingRules] | None = None

    def rules(self) -> MerchandisingRules:
        """The active rules, by one small SELECT; the same object while nothing changes."""
        store = self._store() if self._file.exists() else None
        if store is None:
            return NO_RULES
        latest = self._latest
        if latest is not None and latest[0] is store and latest[1].version == store.version():
            return latest[1]
        history = store.read()
        rules = rules_from(history.decisions, version=history.version)
        self._latest = (store, rules)
        return rules

    def history(self) -> tuple[Decision, ...]:
        """All decisions ever made, in the order of recording."""
        return self._store().read().decisions if self._file.exists() else ()

    def record(self, request: DecisionRequest) -> Decision:
        """Add a decision; it is durable when this returns and applies from the next answer on."""
        return self._store().record(request, made_at=self._moment())

    def revoke(self, decision_id: int, *, revoked_by: str) -> Decision:
        """Revoke a decision; the one that it had replaced is active again.

        Raises:
            UnknownDecisionError: If there is no decision with that id.
            AlreadyRevokedError: If it was revoked before.
        """
        return self._store().revoke(decision_id, revoked_by=revoked_by, revoked_at=self._moment())

    def close(self) -> None:
        """Close the journal; a later call opens it again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _moment(self) -> datetime:
        return self._now().astimezone(UTC).replace(microsecond=0)

    def _store(self) -> DecisionStore:
        opened = self._opened
        if opened is not None and opened.identity == _identity(self._file):
            return opened.store
        with self._lock:
            if self._opened is not None and self._opened.identity == _identity(self._file):
                return self._opened.store
            from bundles.rules.journal import Journal
            from bundles.rules.store import DecisionStore

            if self._opened is not None:
                self._opened.journal.close()
                self._opened = None
            journal = Journal(self._file)
            self._opened = _Opened(journal, DecisionStore(journal), _identity(self._file))
            return self._opened.store


def _identity(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except FileNotFoundError:
        return -1, -1
    return found.st_dev, found.st_ino
