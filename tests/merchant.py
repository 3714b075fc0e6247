"""A merchandiser for tests: decisions without a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from psutil import Process

from bundles.rules.decisions import Decision, DecisionRequest, MerchandisingRules, rules_from
from bundles.rules.journal import Journal
from bundles.rules.log import JOURNAL_FILE

MADE_AT = datetime(2026, 11, 22, 3, 17, tzinfo=UTC)


def request(kind: str, *items: str, **fields: Any) -> DecisionRequest:
    """A decision to be made by Ann."""
    return DecisionRequest.model_validate({"kind": kind, "items": items, "made_by": "Ann", **fields})


def merchandising_rules(*requests: DecisionRequest) -> MerchandisingRules:
    """The rules that are active after `requests`, whose ids count from 1."""
    history = [
        Decision(id=number, made_at=MADE_AT, **each.model_dump())
        for number, each in enumerate(requests, start=1)
    ]
    return rules_from(history, version=len(history))


@contextmanager
def journals_kept_alive() -> Iterator[None]:
    """Keep every journal that the block opens from garbage collection: then only `close` closes its files."""
    opened: list[Journal] = []
    initialise = Journal.__init__

    def keep(journal: Journal, file: Path) -> None:
        opened.append(journal)
        initialise(journal, file)

    with patch.object(Journal, "__init__", keep):
        yield
    assert opened, "expected the block to open a journal"


def open_journals(home: Path) -> list[str]:
    """Files of the journal of `home` that this process has open."""
    paths = [found.path for found in Process().open_files()]
    return [path for path in paths if path.startswith(str(home / JOURNAL_FILE))]
