"""Answer models: the bodies of the HTTP routes, shared by the API and the command line."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from gnn.artifact.model import ArtifactInfo

Source = Literal["gnn", "closed_form", "cold_start", "fallback"]
Role = Literal["anchor", "added"]
ReasonKind = Literal["co_purchase", "category_pair", "user_history", "popularity", "promotion", "season"]
BundleDecision = Literal["approved", "pinned"]
Share = Annotated[float, Field(ge=0, le=1)]


class Answer(BaseModel):
    """Base of all answers: immutable; the docstring under each field describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ListAnswer(Answer):
    """Fields of every answer that holds a list."""

    request_id: str
    """The caller's `X-Request-ID`, else a new id; feedback refers to it."""
    model_version: str
    generated_at: str
    """RFC 3339, UTC."""
    source: Source
    """What answered: the model (`gnn`, or `closed_form` with too little data to train on), content and
    category links (`cold_start`), or popularity within the constraints of the request (`fallback`)."""
    warnings: list[str]


class Objectives(Answer):
    """Values of a bundle on each objective; formulas in `bundles.compose.objectives`."""

    coherence: Share
    user_fit: Share
    breadth: Share
    margin: Share | None
    """Null where a price or cost is unknown."""
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
    """Price of a bundle in the shop's currency; null where an item has no price."""

    list: float | None
    """Sum of the item prices."""
    offer: float | None
    """What the customer pays: `list`, unless a promotion, a discount or a fixed price changes it."""
    discount: Share
    """1 - offer / list."""


class Reason(Answer):
    """A reason for a bundle; every number is a count in the graph."""

    kind: ReasonKind
    items: list[str]
    text: str
    evidence: dict[str, int | float | str | None]


class GeneratedBundle(Answer):
    """One composed bundle."""

    rank: int
    bundle_id: str
    """Equal for equal items, in every answer and export."""
    title: str
    """Empty unless a merchandiser named the bundle."""
    decision: BundleDecision | None
    """The verdict of a merchandiser; pinned bundles rank before all others, whatever their score."""
    score: Share
    """Weighted mean of the objectives."""
    objectives: Objectives
    weakest_link: Share
    """Minimum link of any two items: a calibrated probability, .5 is chance."""
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
    """How likely this visitor is to choose it; comparable only within one answer."""
    bundle_id: str
    title: str
    decision: BundleDecision | None
    """The verdict of a merchandiser; pinned bundles rank before all others, whatever their score."""
    objectives: Objectives
    weakest_link: Share
    """Minimum link of any two items: a calibrated probability, .5 is chance."""
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
    """Baskets that hold both items; null if fewer than the minimum do."""
    lift: float | None
    """How many times as often as by chance; null if `baskets` is."""


class RelatedAnswer(ListAnswer):
    """Linked items, best first."""

    items: list[RelatedItem]


class RelatedCategory(Answer):
    """A linked category."""

    category_id: str
    """Its path from the root of the category tree, joined by ` > `."""
    name: str
    lift: float
    """How many times as often as by chance a basket is expected to hold items of both."""
    baskets: int
    """Baskets that held both; 0 for a link that is only predicted, from the items' content."""
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
    """Items found, most popular first."""

    items: list[FoundItem]


class Header(TypedDict):
    """The fields of `ListAnswer`."""

    request_id: str
    model_version: str
    generated_at: str
    source: Source
    warnings: list[str]


class HeaderBuilder:
    """Builds the header of each answer of one model, at the time `now`."""

    def __init__(self, info: ArtifactInfo, *, now: Callable[[], datetime]) -> None:
        self._info, self._now = info, now

    def build(self, request_id: str | None, source: Source | None, warnings: Sequence[str]) -> Header:
        """The header of an answer; without `source` it is `fallback`, without `request_id` a new id."""
        if source == "gnn" and self._info.kind == "closed_form":
            source = "closed_form"
        return {
            "request_id": request_id or new_request_id(),
            "model_version": self._info.model_version,
            "generated_at": utc_text(self._now()),
            "source": source or "fallback",
            "warnings": list(warnings),
        }


def new_request_id() -> str:
    """An id for a request without one."""
    return uuid.uuid4().hex


def utc_text(moment: datetime) -> str:
    """`moment` as RFC 3339 in UTC, seconds precision: `2026-11-22T03:17:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
