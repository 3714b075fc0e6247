"""Decisions of a merchandiser: the request, the record, and the rules that are active after all of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from bundles.request.schemas import MAX_BUNDLE_SIZE, ItemId, Request

DecisionKind = Literal["approve", "reject", "pin", "ban", "rename", "price", "discount"]

#: Kinds of decision that replace each other.
VERDICTS = ("approve", "reject", "pin")
MAX_TITLE = 200
MAX_NAME = 100
MAX_NOTE = 1_000


def _without_control_characters(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("expected one line of text, without control characters")
    return text


_OneLine = AfterValidator(_without_control_characters)
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE), _OneLine]
PersonName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME), _OneLine
]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NOTE), _OneLine]


class DecisionRequest(Request):
    """One decision of a merchandiser.

    The kinds, with the fields that each takes:

    - `approve` (items or bundle_id): mark the bundle, and consider it in every request that it satisfies.
    - `pin` (items or bundle_id): the same, and rank it first there.
    - `reject` (items or bundle_id): never show the bundle. The latest of approve, pin and reject is active.
    - `ban` (one item, or two): never show the item; of two items, never show them together.
    - `rename` (items or bundle_id, title): give the bundle a title.
    - `price` (items or bundle_id, price): fix the offer price of the bundle.
    - `discount` (share, margin_floor or both): set the default discount policy for requests without one.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "pin", "items": ["1082185", "995242"], "made_by": "Ann", "note": "spring shelf"},
                {"kind": "ban", "items": ["1082185"], "made_by": "Ann"},
                {"kind": "rename", "bundle_id": "breakfast", "title": "Breakfast for two", "made_by": "Ann"},
                {"kind": "price", "items": ["1082185", "995242"], "price": 2.99, "made_by": "Ann"},
                {"kind": "discount", "share": 0.1, "margin_floor": 0.2, "made_by": "Ann"},
            ]
        }
    )

    kind: DecisionKind
    bundle_id: ItemId | None = Field(None, validate_default=True)
    """One of the shop's own bundles."""
    items: Annotated[tuple[ItemId, ...], Field(strict=False, max_length=MAX_BUNDLE_SIZE)] = Field(
        (), validate_default=True
    )
    """The items of a composed bundle, in any order; for `ban` the item, or the two."""
    title: Title | None = Field(None, validate_default=True)
    price: float | None = Field(None, gt=0, le=1e12, validate_default=True)
    """In the shop's currency, at most the sum of the item prices."""
    share: float | None = Field(None, ge=0, lt=1, validate_default=True)
    """Share off the sum of the item offers. Null: the largest discount that `margin_floor` allows."""
    margin_floor: float | None = Field(None, ge=0, lt=1, validate_default=True)
    """Least (offer - cost) / offer of every bundle."""
    made_by: PersonName
    """Who decides."""
    note: Note = ""
    """The reason, for the audit trail."""

    @field_validator("bundle_id")
    @classmethod
    def _where_bundles_are_meant(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if value is not None and kind == "ban":
            raise ValueError("ban takes items: a bundle is rejected")
        if value is not None and kind == "discount":
            raise ValueError("discount is the shop's policy, for every bundle: price one bundle with price")
        return value

    @field_validator("items")
    @classmethod
    def _as_many_as_meant(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not {"kind", "bundle_id"} <= info.data.keys():
            # These fields have errors of their own: the items cannot be checked without them.
            return value
        kind, is_of_shop = info.data["kind"], info.data["bundle_id"] is not None
        twice = next((item for place, item in enumerate(value) if item in value[:place]), None)
        if twice is not None:
            raise ValueError(f"{twice[:64]!r} appears twice")
        if kind == "discount":
            if value:
                raise ValueError("discount is the shop's policy, for every bundle: price one with price")
        elif kind == "ban":
            if not 1 <= len(value) <= 2:
                raise ValueError(f"expected one item, or two that must not meet, found {len(value)}")
        elif is_of_shop:
            if value:
                raise ValueError("expected items or bundle_id, found both")
        elif len(value) < 2:
            raise ValueError(f"expected at least 2 items, or a bundle_id, found {len(value)}")
        return value

    @field_validator("title", "price")
    @classmethod
    def _with_its_kind_alone(cls, value: str | float | None, info: ValidationInfo) -> str | float | None:
        kind, own_kind = info.data.get("kind"), "rename" if info.field_name == "title" else "price"
        if value is None and kind == own_kind:
            raise ValueError(f"{kind} needs it")
        if value is not None and kind not in (own_kind, None):
            raise ValueError(f"{kind} takes none: it belongs to {own_kind}")
        return value

    @field_validator("share", "margin_floor")
    @classmethod
    def _with_a_discount_alone(cls, value: float | None, info: ValidationInfo) -> float | None:
        kind = info.data.get("kind")
        if value is not None and kind not in ("discount", None):
            raise ValueError(f"{kind} takes none: it belongs to discount")
        is_last = info.field_name == "margin_floor" and "share" in info.data
        if kind == "discount" and is_last and value is None and info.data["share"] is None:
            raise ValueError("discount needs share, margin_floor or both")
        return value


class Revocation(Request):
    """Revoke a decision."""

    revoked_by: PersonName = Field(examples=["Ann"])
    """Who revokes it."""


class Decision(DecisionRequest):
    """A recorded decision. It never changes, except that it may be revoked once."""

    model_config = ConfigDict(json_schema_extra={"examples": []})

    id: int
    """In the order in which decisions were made."""
    made_at: datetime
    """RFC 3339, UTC."""
    revoked_by: str | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class MerchandisingRules:
    """The decisions that are active, at most one for each target and kind, in the order of recording."""

    version: int
    """Grows with every decision and revocation."""
    decisions: tuple[Decision, ...]


NO_RULES = MerchandisingRules(0, ())


def rules_from(history: Sequence[Decision], *, version: int) -> MerchandisingRules:
    """The active rules after `history`, which is in the order of recording.

    A later decision replaces an earlier one for the same target and kind; a revoked one counts as never made.
    """
    active = {rule_key(decision): decision for decision in not_revoked(history)}
    return MerchandisingRules(version, tuple(sorted(active.values(), key=lambda decision: decision.id)))


def not_revoked(history: Iterable[Decision]) -> Iterable[Decision]:
    """The decisions of `history` that were not revoked."""
    return (decision for decision in history if decision.revoked_at is None)


def rule_key(decision: Decision) -> Hashable:
    """Kind and target of `decision`; a later decision with an equal key replaces it.

    The target is a set of items, in any order, or one of the shop's own bundles. `approve`, `reject` and
    `pin` share one key.
    """
    kind = "verdict" if decision.kind in VERDICTS else decision.kind
    return kind, decision.bundle_id, frozenset(decision.items)
