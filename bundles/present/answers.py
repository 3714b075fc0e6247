"""What is answered: the bodies of the HTTP routes, used as they are by the API and the command line."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Source = Literal["gnn", "closed_form", "cold_start", "fallback"]
Role = Literal["anchor", "added"]
ReasonKind = Literal["co_purchase", "category_pair", "user_history", "popularity", "promotion", "season"]
BundleDecision = Literal["approved", "pinned"]
Share = Annotated[float, Field(ge=0, le=1)]


class Answer(BaseModel):
    """Immutable; its fields are described by the docstring under each."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ListAnswer(Answer):
    """What every answer with a list says of itself."""

    request_id: str
    """The caller's `X-Request-ID`, else one made here; feedback refers to it."""
    model_version: str
    generated_at: str
    """RFC 3339, UTC."""
    source: Source
    """Which path answered: the model (`gnn`, or `closed_form` where there was too little to train on),
    content and category links (`cold_start`), or popularity within what the request allows (`fallback`)."""
    warnings: list[str]


class Objectives(Answer):
    """How good a bundle is on each objective: formulas in `bundles.compose.objectives`."""

    coherence: Share
    user_fit: Share
    breadth: Share
    margin: Share | None
    """None where a price or cost is not known."""
    discount: Share


class BundleItem(Answer):
    """An item of a bundle."""

    item_id: str
    title: str
    category: list[str]
    """Names from the root of the category tree down."""
    price: float | None
    role: Role


class BundlePrice(Answer):
    """What a bundle costs, in the shop's currency; none where an item has no price."""

    list: float | None
    """Sum of the prices of its items."""
    offer: float | None
    """What the customer pays: `list` unless a promotion or a discount makes it less, or it was fixed."""
    discount: Share
    """1 - offer / list."""


class Reason(Answer):
    """Why a bundle: every number stands in the graph."""

    kind: ReasonKind
    items: list[str]
    text: str
    evidence: dict[str, int | float | str | None]


class GeneratedBundle(Answer):
    """One composed bundle."""

    rank: int
    bundle_id: str
    """The same for the same items, in every answer and export."""
    title: str
    """Empty unless the merchandiser named it."""
    decision: BundleDecision | None
    """What the merchandiser decided; a pinned bundle stands before the others, whatever its score."""
    score: Share
    """Weighted mean of the objectives."""
    objectives: Objectives
    weakest_link: Share
    """Least link of any two of its items: a calibrated probability, .5 is chance."""
    items: list[BundleItem]
    price: BundlePrice
    reasons: list[Reason]


class GenerateAnswer(ListAnswer):
    """Composed bundles, best first."""

    bundles: list[GeneratedBundle]


class ShopBundle(Answer):
    """One of the shop's own bundles."""

    rank: int
    score: float
    """How likely this visitor chooses it; comparable within an answer alone."""
    bundle_id: str
    title: str
    decision: BundleDecision | None
    """What the merchandiser decided; a pinned bundle stands before the others, whatever its score."""
    objectives: Objectives
    weakest_link: Share
    """Least link of any two of its items: a calibrated probability, .5 is chance."""
    items: list[BundleItem]
    price: BundlePrice
    reasons: list[Reason]


class ShopBundlesAnswer(ListAnswer):
    """The shop's own bundles, best first."""

    bundles: list[ShopBundle]


class RankedItem(Answer):
    """A recommended item."""

    item_id: str
    title: str
    score: float
    rank: int


class ItemsAnswer(ListAnswer):
    """Recommended items, best first."""

    items: list[RankedItem]


class RelatedItem(RankedItem):
    """A linked item, with its counts."""

    baskets: int | None
    """Baskets that hold both; none where fewer than the shop's minimum do."""
    lift: float | None
    """How many times as often as by chance; none where `baskets` is."""


class RelatedAnswer(ListAnswer):
    """Linked items, best first."""

    items: list[RelatedItem]


class RelatedCategory(Answer):
    """A linked category."""

    category_id: str
    """Its path from the root of the category tree down, joined by ` > `."""
    name: str
    lift: float
    """How many times as often as by chance a basket is expected to hold items of both."""
    baskets: int
    """Baskets that held both; 0 where the link is predicted alone, from what the items are like."""
    rank: int


class RelatedCategoriesAnswer(ListAnswer):
    """Linked categories, the largest lift first."""

    categories: list[RelatedCategory]


class FoundItem(Answer):
    """An item of the catalogue."""

    item_id: str
    title: str
    category: list[str]
    """Names from the root of the category tree down."""
    price: float | None


class SearchAnswer(ListAnswer):
    """Items found, those in most baskets first."""

    items: list[FoundItem]


def new_request_id() -> str:
    """An id for a request that brings none."""
    return uuid.uuid4().hex


def utc_text(moment: datetime) -> str:
    """`moment` as RFC 3339 in UTC, seconds precision: `2026-11-22T03:17:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
