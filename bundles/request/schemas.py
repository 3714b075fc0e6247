"""What may be asked: the request bodies of the HTTP routes, used as they are by the API and the command line.

A request that is wrong by itself is refused here, by pydantic; one that is wrong only against the catalogue
or against another of its own fields is refused by `bundles.request.resolve`, with a `RequestError`.
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

#: The length limits also make pydantic refuse lone surrogates, which no answer could be encoded with.
ItemId = Annotated[str, Field(min_length=1, max_length=512)]
UserId = Annotated[str, Field(min_length=1, max_length=512)]
Price = Annotated[float, Field(ge=0, le=1e12)]
Probability = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
RelatedKind = Literal["complement", "substitute"]
ObjectiveName = Literal["coherence", "user_fit", "breadth", "margin", "discount"]

#: JSON has lists alone: a strict tuple would refuse them.
_Ids = Annotated[tuple[ItemId, ...], Field(strict=False, max_length=MAX_SEQUENCE)]
_Fixed = Annotated[tuple[ItemId, ...], Field(strict=False, max_length=MAX_BUNDLE_SIZE)]
_Paths = Annotated[tuple[ItemId, ...], Field(strict=False, max_length=100)]


class RequestError(StageError):
    """A request is wrong on its face; `field` says where, as `constraints.price_max` or `anchors`."""

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
    """Unknown fields, NaN and values of another type are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class SizeRange(Request):
    """How many distinct items a bundle holds, anchors included."""

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
    """What every bundle of the answer satisfies, its anchors included."""

    price_min: Price | None = None
    """Least offer price; an item without price fails under a price limit."""
    price_max: Price | None = None
    """Greatest offer price."""
    categories_include: _Paths = ()
    """Category paths (`Grocery > Dairy`): every item is in one of them or below it. Empty: any category."""
    categories_exclude: _Paths = ()
    """Category paths: no item is in one of them or below it."""
    items_require: _Fixed = ()
    """Items that every bundle holds beside the anchors."""
    items_exclude: _Ids = ()
    """Items that no bundle holds."""
    items_from: _Ids = ()
    """Added items are some of these: a campaign's range, what was seen in a session. Empty: any."""
    min_categories: int = Field(1, ge=1, le=MAX_BUNDLE_SIZE)
    """Least number of different level-0 categories in a bundle."""
    min_link: Probability | None = None
    """Least link of any two items of a bundle: the calibrated probability that they come from one basket
    rather than from two unrelated ones. .5 is chance."""
    substitutes: bool = False
    """Whether items that replace each other, or variants of one product, may be in one bundle. Anchors and
    `items_require` are taken as they are."""
    in_stock_only: bool = True
    """Items known to be out of stock are left out."""
    promotion_id: ItemId | None = None
    """Added items are from this promotion, at its discounts. One that is over or has not begun is honoured,
    with a warning that names the date: campaigns are planned ahead."""
    event_date: Annotated[date, Field(strict=False)] | None = None
    """A day, as `2026-12-24`: added items are those that are bought more than usual in its week of the year
    and the weeks beside it."""

    @field_validator("price_max")
    @classmethod
    def _not_below_price_min(cls, value: float | None, info: ValidationInfo) -> float | None:
        least = info.data.get("price_min")
        if value is not None and least is not None and value < least:
            raise ValueError(f"expected at least price_min, which is {least}")
        return value


class Discount(Request):
    """What a bundle costs less than its items, whose promotion comes first (`bundles.present.discounts`)."""

    share: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Of the sum of the item offers. None: the largest discount that `margin_floor` leaves."""
    margin_floor: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Least (offer - cost) / offer of every bundle. One whose costs are not all known gets no discount."""

    @model_validator(mode="after")
    def _not_empty(self) -> Discount:
        if self.share is None and self.margin_floor is None:
            raise ValueError("expected share or margin_floor")
        return self


class Weights(Request):
    """What counts how much in a bundle's score: the weighted mean of its objectives."""

    coherence: Weight = 0.25
    """How strongly its items belong together, the weakest pair as much as all pairs on average."""
    user_fit: Weight = 1.0
    """How likely its items are in one basket with the anchors and the cart, for this visitor."""
    breadth: Weight = 0.15
    """How many level-0 categories it spans, those the more that are bought together above chance."""
    margin: Weight = 0.0
    """What is left of the offer after costs."""
    discount: Weight = 0.0
    """How much cheaper it is than its items' list prices."""

    @model_validator(mode="after")
    def _not_all_zero(self) -> Weights:
        if not any((self.coherence, self.user_fit, self.breadth, self.margin, self.discount)):
            raise ValueError("expected at least one weight above 0")
        return self


class VisitorRequest(Request):
    """What every request for bundles may say."""

    user_id: UserId | None = None
    """The shop's own id of the visitor; an unknown one is a new visitor."""
    cart: _Ids = ()
    """What is in the cart: bundles go with it, and hold none of it unless it is an anchor."""
    recent: _Ids = ()
    """What the visitor last looked at or bought, oldest first."""
    constraints: Constraints = Constraints()
    explain: bool = True
    """Whether bundles carry their reasons."""
    validate_only: bool = False
    """Check the request and answer its warnings, with an empty list."""


class ComposeRequest(VisitorRequest):
    """What every request for composed bundles may say. With nothing given: the best of the catalogue."""

    anchors: _Fixed = ()
    """Items that every bundle is built around, and holds."""
    size: Size = SizeRange(min=2, max=4)
    """A number or a range: distinct items of a bundle, anchors included."""
    discount: Discount | None = None
    """What bundles cost less than their items; null: what the shop has rules, else nothing."""


class GenerateRequest(ComposeRequest):
    """New bundles, composed for this request. With nothing given: the best bundles of the catalogue."""

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
    """How many bundles at most; null: all that are found to satisfy the constraints, 100 at most."""
    weights: Weights = Weights()
    diversity: float = Field(0.3, ge=0, le=1)
    """0: the best scores, however alike; 1: as different as can be."""


class ShopBundlesRequest(VisitorRequest):
    """The shop's own bundles for a visitor, taken as they are.

    What constrains added items, such as `items_from` or `promotion_id`, holds for all items of a bundle;
    `substitutes` and what is in the cart for none.
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
    """How many bundles at most; null: all that satisfy the constraints, 100 at most."""


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
    """What is in the cart: nothing of it comes back."""
    recent: _Ids = ()
    """What the visitor last looked at or bought, oldest first; it may come back."""
    n: int = Field(20, ge=1, le=MAX_ITEMS)
    """How many items at most."""
    exclude_purchased: bool = False
    """Leave out what the user has bought before."""
