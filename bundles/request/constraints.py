"""What every bundle of an answer must satisfy, and which items may therefore be in one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.present.discounts import NO_DISCOUNT, DiscountPolicy
from bundles.present.pricing import offer_prices
from bundles.rules.decided import NOTHING_DECIDED, Decided
from gnn.artifact.model import Promotions
from gnn.scoring.seasons import SeasonLift

#: An item that is bought this many times as often around a date as at other times belongs to the season.
MIN_SEASON_LIFT = 1.3


@dataclass(frozen=True)
class Rules:
    """Constraints in indices and minor currency units. Items are item indices."""

    anchors: tuple[int, ...]
    required: tuple[int, ...]
    """Items of every bundle beside the anchors."""
    banned: tuple[int, ...]
    cart: tuple[int, ...]
    """Items of the cart that are no anchors: in no bundle."""
    size_min: int
    size_max: int
    price_min: int | None
    price_max: int | None
    include: tuple[int, ...] | None
    """Category indices; none for any."""
    exclude: tuple[int, ...]
    min_categories: int
    in_stock_only: bool
    promotion: int | None
    items_from: tuple[int, ...] | None = None
    """Added items are some of these; none for any."""
    min_link: float | None = None
    """Least link of any two items."""
    substitutes: bool = False
    """Whether two items that replace each other may be in one bundle."""
    event_week: int | None = None
    """Added items are bought more than usual around this week of the year."""
    discount: DiscountPolicy = NO_DISCOUNT
    decided: Decided = NOTHING_DECIDED
    """The merchandiser's word, which no request overrules."""

    @property
    def fixed(self) -> tuple[int, ...]:
        """Items of every bundle, anchors first."""
        return self.anchors + self.required

    @property
    def has_price_limit(self) -> bool:
        """Whether an item without price fails."""
        return self.price_min is not None or self.price_max is not None


def relaxations(rules: Rules) -> list[tuple[str, Rules]]:
    """Each constraint that `rules` carry, by its name in a request, and the rules without it."""
    found: list[tuple[str, Rules]] = []
    if rules.price_max is not None:
        found.append(("constraints.price_max", replace(rules, price_max=None)))
    if rules.price_min is not None:
        found.append(("constraints.price_min", replace(rules, price_min=None)))
    if rules.include is not None:
        found.append(("constraints.categories_include", replace(rules, include=None)))
    if rules.exclude:
        found.append(("constraints.categories_exclude", replace(rules, exclude=())))
    if rules.min_link is not None:
        found.append(("constraints.min_link", replace(rules, min_link=None)))
    if rules.min_categories > 1:
        found.append(("constraints.min_categories", replace(rules, min_categories=1)))
    if rules.promotion is not None:
        found.append(("constraints.promotion_id", replace(rules, promotion=None)))
    if rules.event_week is not None:
        found.append(("constraints.event_date", replace(rules, event_week=None)))
    if rules.discount.margin_floor is not None:
        found.append(("discount.margin_floor", replace(rules, discount=NO_DISCOUNT)))
    if rules.items_from is not None:
        found.append(("constraints.items_from", replace(rules, items_from=None)))
    if rules.in_stock_only:
        found.append(("constraints.in_stock_only", replace(rules, in_stock_only=False)))
    if rules.banned:
        found.append(("constraints.items_exclude", replace(rules, banned=())))
    if rules.decided.has_bars:
        without = replace(rules, decided=rules.decided.without_bars())
        found.append(("the merchandiser's bans and rejections", without))
    if rules.required:
        found.append(("constraints.items_require", replace(rules, required=())))
    if rules.cart:
        found.append(("cart", replace(rules, cart=())))
    if rules.size_min > max(2, len(rules.fixed)):
        found.append(("size", replace(rules, size_min=max(2, len(rules.fixed)))))
    return found


def item_discounts(rules: Rules, *, promotions: Promotions, num_items: int) -> NDArray[np.float64]:
    """Discount share of each item under the promotion asked for, [num_items]; 0 without one."""
    discounts = np.zeros(num_items)
    if rules.promotion is not None:
        row = slice(promotions.indptr[rules.promotion], promotions.indptr[rules.promotion + 1])
        discounts[promotions.item[row]] = np.nan_to_num(promotions.discount[row])
    return discounts


def may_be_fixed(rules: Rules, *, catalogue: ItemCatalogue) -> NDArray[np.bool_]:
    """Items that satisfy what every item of a bundle must, [num_items]."""
    is_allowed = np.ones(catalogue.num_items, dtype=np.bool_)
    if rules.in_stock_only:
        is_allowed &= catalogue.in_stock
    if rules.has_price_limit:
        is_allowed &= catalogue.price >= 0
    if rules.include is not None:
        is_allowed &= catalogue.in_categories(rules.include)
    if rules.exclude:
        is_allowed &= ~catalogue.in_categories(rules.exclude)
    return is_allowed


def are_affordable(rules: Rules, *, catalogue: ItemCatalogue, offers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Items that cost at most `price_max` with the fixed ones, [num_items]; `offers` are of all items."""
    if rules.price_max is None:
        return np.ones(catalogue.num_items, dtype=np.bool_)
    fixed = list(rules.fixed)
    least = rules.discount.offers(
        (offers + offers[fixed].sum()).astype(np.float64), catalogue.cost + catalogue.cost[fixed].sum()
    )
    return np.asarray(least <= rules.price_max)


def may_join(
    rules: Rules, *, catalogue: ItemCatalogue, promotions: Promotions, seasons: SeasonLift
) -> NDArray[np.bool_]:
    """Items that may join the fixed ones in a bundle whose price is right, [num_items].

    An item without price may not, unless the shop gives none at all: what has no price cannot be offered.
    """
    is_allowed = may_accompany(rules, catalogue=catalogue, promotions=promotions, seasons=seasons)
    is_priced = catalogue.price >= 0
    return is_allowed & is_priced if is_priced.any() else is_allowed


def may_accompany(
    rules: Rules, *, catalogue: ItemCatalogue, promotions: Promotions, seasons: SeasonLift
) -> NDArray[np.bool_]:
    """Items that may stand beside the fixed ones, whether priced or not, [num_items]."""
    is_allowed = may_be_fixed(rules, catalogue=catalogue)
    if rules.promotion is not None:
        row = slice(promotions.indptr[rules.promotion], promotions.indptr[rules.promotion + 1])
        is_allowed &= _is_among(promotions.item[row], num_items=catalogue.num_items)
    if rules.items_from is not None:
        is_allowed &= _is_among(list(rules.items_from), num_items=catalogue.num_items)
    if rules.event_week is not None:
        is_allowed &= seasons.lift(rules.event_week) >= MIN_SEASON_LIFT
    is_allowed[[*rules.fixed, *rules.banned, *rules.cart, *rules.decided.banned]] = False
    return is_allowed


def _is_among(items: NDArray[np.int32] | list[int], *, num_items: int) -> NDArray[np.bool_]:
    is_among = np.zeros(num_items, dtype=np.bool_)
    is_among[items] = True
    return is_among


def all_offers(rules: Rules, *, catalogue: ItemCatalogue, promotions: Promotions) -> NDArray[np.int64]:
    """Offer price of each item in minor units, -1 for none, [num_items]."""
    if rules.promotion is None:
        return catalogue.price
    discounts = item_discounts(rules, promotions=promotions, num_items=catalogue.num_items)
    return offer_prices(catalogue.price, discounts)
