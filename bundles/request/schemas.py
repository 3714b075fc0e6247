"""Request models: the bodies of the HTTP routes, shared by the API and the command line.

Pydantic refuses a body that is wrong by itself. `bundles.request.resolve` refuses one that is wrong against
the catalogue or contradicts itself, with a `RequestError`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from etl.errors import StageError

MAX_BUNDLES = 100
MAX_BUNDLE_SIZE = 12
MAX_ITEMS = 1_000
MAX_SEQUENCE = 1_000

#: With length limits, pydantic also refuses lone surrogates, which an answer could not encode.
ItemId = Annotated[str, Field(min_length=1, max_length=512)]
UserId = Annotated[str, Field(min_length=1, max_length=512)]
Price = Annotated[float, Field(ge=0, le=1e12)]
Probability = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
RelatedKind = Literal["complement", "substitute"]
ObjectiveName = Literal["coherence", "user_fit", "breadth", "margin", "discount"]

#: JSON has only lists, which a strict tuple would refuse.
_Ids = Annotated[tuple[ItemId, ...], Field(strict=False, max_length=MAX_SEQUENCE)]
_Fixed = Annotated[tuple[ItemId, ...], Field(strict=False, max_length=MAX_BUNDLE_SIZE)]
_Paths = Annotated[tuple[ItemId, ...], Field(strict=False, max_length=100)]


class RequestError(StageError):
    """A wrong request; `field` names the location, such as `constraints.price_max` or `anchors`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class UnknownItemError(StageError):
    """The catalogue has no such item."""

    def __init__(self, item_id: str) -> None:
        super().__init__(f"no item {item_id!r} in the catalogue: search with GET /v1/items?q=…")
        self.item_id = item_id


class UnknownCategoryError(StageError):
    """The catalogue has no such category."""

    def __init__(self, path: str) -> None:
        super().__init__(f"no category {path!r} in the catalogue: write the full path, as 'Grocery > Dairy'")
        self.path = path


class Request(BaseModel):
    """Base of all requests: unknown fields, NaN and values of another type are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class SizeRange(Request):
    """Number of distinct items of a bundle, anchors included."""

    min: int = Field(ge=2, le=MAX_BUNDLE_SIZE)
    max: int = Field(ge=2, le=MAX_BUNDLE_SIZE)

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("min", 0):
            raise ValueError(f"expected at least size.min, which is {info.data['min']}")
        return value


def _as_range(value: object) -> object:
    return {"min": value, "max": value} if type(value) is int else value


Size = Annotated[SizeRange, BeforeValidator(_as_range, json_schema_input_type=int | SizeRange)]


class Constraints(Request):
    """Constraints on every bundle of the answer, its anchors included."""

    price_min: Price | None = None
    """Minimum offer price. Under a price limit, items without a price are not allowed."""
    price_max: Price | None = None
    """Maximum offer price."""
    categories_include: _Paths = ()
    """Category paths (`Grocery > Dairy`): only use items in them or below. Empty: any category."""
    categories_exclude: _Paths = ()
    """Category paths: do not use items in them or below."""
    items_require: _Fixed = ()
    """Items that every bundle must hold, besides the anchors."""
    items_exclude: _Ids = ()
    """Items that no bundle may hold."""
    items_from: _Ids = ()
    """Only add items of this list, such as the range of a campaign or the items of a session. Empty: any."""
    min_categories: int = Field(1, ge=1, le=MAX_BUNDLE_SIZE)
    """Minimum number of different level-0 categories in a bundle."""
    min_link: Probability | None = None
    """Minimum link of any two items of a bundle: the calibrated probability that they come from one basket
    rather than from two unrelated ones; .5 is chance."""
    substitutes: bool = False
    """Whether substitutes or variants of one product may be in one bundle. Anchors and `items_require` may
    always be substitutes."""
    in_stock_only: bool = True
    """Leave out items that are out of stock."""
    promotion_id: ItemId | None = None
    """Only add items of this promotion, at its discounts. One that is over or has not begun is applied
    with a warning, since campaigns are planned ahead."""
    event_date: Annotated[date, Field(strict=False)] | None = None
    """A day, such as `2026-12-24`: only add items that are bought more than usual in its week of the year and
    the weeks next to it."""

    @field_validator("price_max")
    @classmethod
    def _not_below_price_min(cls, value: float | None, info: ValidationInfo) -> float | None:
        least = info.data.get("price_min")
        if value is not None and least is not None and value < least:
            raise ValueError(f"expected at least price_min, which is {least}")
        return value


class Discount(Request):
    """Discount of a bundle, after the promotions of its items (`bundles.present.discounts`)."""

    share: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Share off the sum of the item offers. Null: the largest discount that `margin_floor` allows."""
    margin_floor: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Minimum (offer - cost) / offer of every bundle. A bundle with an unknown cost gets no discount."""

    @model_validator(mode="after")
    def _not_empty(self) -> Discount:
        if self.share is None and self.margin_floor is None:
            raise ValueError("expected share or margin_floor")
        return self


class Weights(Request):
    """Objective weights: a bundle's score is the weighted mean of its objectives."""

    coherence: Weight = 0.25
    """How strongly its items are linked: half the mean over pairs, half the weakest pair."""
    user_fit: Weight = 1.0
    """How likely its items are to be in one basket with the anchors and the cart, for this visitor."""
    breadth: Weight = 0.15
    """How many level-0 categories it spans, weighted by how strongly these are bought together."""
    margin: Weight = 0.0
    """Share of the offer that is left after costs."""
    discount: Weight = 0.0
    """Share off the list prices of its items."""

    @model_validator(mode="after")
    def _not_all_zero(self) -> Weights:
        if not any((self.coherence, self.user_fit, self.breadth, self.margin, self.discount)):
            raise ValueError("expected at least one weight above 0")
        return self


class VisitorRequest(Request):
    """Fields of every request for bundles."""

    user_id: UserId | None = None
    """The shop's own id of the visitor; an unknown one is a new visitor."""
    cart: _Ids = ()
    """Items of the cart: bundles go with them, and hold none of them that is not an anchor."""
    recent: _Ids = ()
    """Items that the visitor last viewed or bought, oldest first."""
    constraints: Constraints = Constraints()
    explain: bool = True
    """Whether to give the reasons of each bundle."""
    validate_only: bool = False
    """Only check the request: answer its warnings with an empty list."""


class ComposeRequest(VisitorRequest):
    """Fields of every request for composed bundles. Without any: the best bundles of the catalogue."""

    anchors: _Fixed = ()
    """Items that every bundle holds and is composed around."""
    size: Size = SizeRange(min=2, max=4)
    """Number or range of distinct items of a bundle, anchors included."""
    discount: Discount | None = None
    """Discount of the bundles; null: the default discount of the shop, else none."""


class GenerateRequest(ComposeRequest):
    """New bundles, composed for this request. Without any field: the best bundles of the catalogue."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "anchors": ["1082185"],
                    "user_id": "718",
                    "cart": [],
                    "recent": [],
                    "size": {"min": 2, "max": 4},
                    "n": 5,
                    "constraints": {"price_max": 20.0, "min_categories": 2},
                    "weights": {"coherence": 1.0, "user_fit": 0.5, "breadth": 0.3},
                    "diversity": 0.3,
                    "explain": True,
                },
                {"size": 3, "n": 3},
            ]
        }
    )

    n: int | None = Field(5, ge=1, le=MAX_BUNDLES)
    """Maximum number of bundles; null: all that are found, at most 100."""
    weights: Weights = Weights()
    diversity: float = Field(0.3, ge=0, le=1)
    """0: the best scores, however similar; 1: as different as possible."""


class ShopBundlesRequest(VisitorRequest):
    """The shop's own bundles for a visitor, unchanged.

    Constraints on added items, such as `items_from` or `promotion_id`, apply to all items of a bundle;
    `substitutes` and the cart do not constrain them.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"user_id": "718", "cart": ["1082185"], "n": 5, "constraints": {"price_max": 20.0}},
                {"n": 5},
            ]
        }
    )

    n: int | None = Field(5, ge=1, le=MAX_BUNDLES)
    """Maximum number of bundles; null: all that satisfy the constraints, at most 100."""


class ItemsRequest(Request):
    """Items that complete a cart or follow a sequence. Items out of stock are left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"user_id": "718", "cart": ["1082185", "995242"], "recent": [], "n": 10}, {"n": 5}]
        }
    )

    user_id: UserId | None = None
    """The shop's own id of the visitor; an unknown one is a new visitor."""
    cart: _Ids = ()
    """Items of the cart, which are not recommended."""
    recent: _Ids = ()
    """Items that the visitor last viewed or bought, oldest first; they may be recommended."""
    n: int = Field(20, ge=1, le=MAX_ITEMS)
    """Maximum number of items."""
    exclude_purchased: bool = False
    """Leave out items that the user bought before."""
