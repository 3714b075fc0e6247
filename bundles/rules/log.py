"""The decisions of one home: the word that stands now, and the ways to add to it.

SQLAlchemy is imported when there is something to read or to write: a shop that decides nothing pays nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bundles.rules.requests import Decision, DecisionRequest
from bundles.rules.word import NO_WORD, MerchantWord, word_of

if TYPE_CHECKING:
    from bundles.rules.journal import Journal
    from bundles.rules.store import DecisionStore

#: Below the home.
JOURNAL_FILE = "journal.db"


@dataclass(frozen=True)
class _Opened:
    journal: Journal
    store: DecisionStore
    identity: tuple[int, int]
    """Device and inode: another file in its place is another journal."""


class DecisionLog:
    """Reads and writes the decisions of `home`. Other processes may do so at the same time; threads share it.

    Raises:
        JournalError: By each method, if the journal cannot be read or written.
    """

    def __init__(self, home: Path, *, now: Callable[[], datetime] | None = None) -> None:
        self._file = home / JOURNAL_FILE
        self._now = now or (lambda: datetime.now(UTC))
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._word: tuple[DecisionStore, MerchantWord] | None = None

    def word(self) -> MerchantWord:
        """What stands now, whoever decided it: one small SELECT; the same object while nothing changes."""
        store = self._store() if self._file.exists() else None
        if store is None:
            return NO_WORD
        known = self._word
        if known is not None and known[0] is store and known[1].version == store.version():
            return known[1]
        history = store.read()
        word = word_of(history.decisions, version=history.version)
        self._word = (store, word)
        return word

    def history(self) -> tuple[Decision, ...]:
        """All that was ever decided, in that order."""
        return self._store().read().decisions if self._file.exists() else ()

    def record(self, request: DecisionRequest) -> Decision:
        """Add a decision; it is durable when this returns, and honoured from the next answer on."""
        return self._store().record(request, made_at=self._moment())

    def revoke(self, decision_id: int, *, revoked_by: str) -> Decision:
        """Take a decision back: what it had replaced stands again.

        Raises:
            UnknownDecisionError: If there is none of that id.
            AlreadyRevokedError: If somebody did so before.
        """
        return self._store().revoke(decision_id, revoked_by=revoked_by, revoked_at=self._moment())

    def close(self) -> None:
        """Let go of the journal; a later call opens it again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.journal.close()

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
