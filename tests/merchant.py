"""A merchandiser for tests: decisions without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bundles.rules.decisions import Decision, DecisionRequest, MerchandisingRules, rules_from

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
