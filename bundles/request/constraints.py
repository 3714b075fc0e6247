"""Constraints that every bundle of an answer satisfies, and the items that they allow."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.loaded_model import LoadedModel
from bundles.present.discounts import NO_DISCOUNT, DiscountPolicy
from bundles.present.pricing import offer_prices
from bundles.rules.active import NO_ACTIVE_RULES, ActiveRules

#: An item is seasonal around a date if it is bought at least this many times as often as at other times.
MIN_SEASON_LIFT = 1.3


@dataclass(frozen=True)
class BundleConstraints:
    """Constraints of one request in item and category indices and minor currency units."""

    anchors: tuple[int, ...]
    required: tuple[int, ...]
    """Items of every bundle besides the anchors."""
    banned: tuple[int, ...]
    cart: tuple[int, ...]
    """Cart items that are not anchors; no bundle holds them."""
    size_min: int
    size_max: int
    price_min: int | None
    price_max: int | None
    include: tuple[int, ...] | None
    """Category indices; None for any."""
    exclude: tuple[int, ...]
    min_categories: int
    in_stock_only: bool
    promotion: int | None
    items_from: tuple[int, ...] | None = None
    """Only add items of this list; None for any."""
    min_link: float | None = None
    """Minimum link of any two items."""
    substitutes: bool = False
    """Whether substitutes may be in one bundle."""
    event_week: int | None = None
    """Only add items that are seasonal around this week of the year."""
    discount: DiscountPolicy = NO_DISCOUNT
    rules: ActiveRules = NO_ACTIVE_RULES
    """Merchandising rules; no request overrides them."""

    @property
    def fixed(self) -> tuple[int, ...]:
        """Items of every bundle, anchors first."""
        return self.anchors + self.required

    @property
    def has_price_limit(self) -> bool:
        """Whether there is a price limit; items without price then fail."""
        return self.price_min is not None or self.price_max is not None


def relaxations(constraints: BundleConstraints) -> list[tuple[str, BundleConstraints]]:
    """Each constraint that is set, by its name in a request, and `constraints` without it."""
    has_floor = constraints.discount.margin_floor is not None
    relaxed = {
        "constraints.price_max": replace(constraints, price_max=None),
        "constraints.price_min": replace(constraints, price_min=None),
        "constraints.categories_include": replace(constraints, include=None),
        "constraints.categories_exclude": replace(constraints, exclude=()),
        "constraints.min_link": replace(constraints, min_link=None),
        "constraints.min_categories": replace(constraints, min_categories=1),
        "constraints.promotion_id": replace(constraints, promotion=None),
        "constraints.event_date": replace(constraints, event_week=None),
        "discount.margin_floor": replace(constraints, discount=NO_DISCOUNT) if has_floor else constraints,
        "constraints.items_from": replace(constraints, items_from=None),
        "constraints.in_stock_only": replace(constraints, in_stock_only=False),
        "constraints.items_exclude": replace(constraints, banned=()),
        "the merchandiser's bans and rejections": replace(
            constraints, rules=constraints.rules.without_exclusions()
        ),
        "constraints.items_require": replace(constraints, required=()),
        "cart": replace(constraints, cart=()),
        "size": replace(constraints, size_min=min(constraints.size_min, max(2, len(constraints.fixed)))),
    }
    return [(name, each) for name, each in relaxed.items() if each != constraints]


def may_be_fixed(constraints: BundleConstraints, *, catalogue: ItemCatalogue) -> NDArray[np.bool_]:
    """Items that satisfy the constraints on every item of a bundle, [num_items]."""
    is_allowed = np.ones(catalogue.num_items, dtype=np.bool_)
    if constraints.in_stock_only:
        is_allowed &= catalogue.in_stock
    if constraints.has_price_limit:
        is_allowed &= catalogue.price >= 0
    if constraints.include is not None:
        is_allowed &= catalogue.in_categories(constraints.include)
    if constraints.exclude:
        is_allowed &= ~catalogue.in_categories(constraints.exclude)
    return is_allowed


def is_affordable(
    constraints: BundleConstraints, *, catalogue: ItemCatalogue, offers: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Items that cost at most `price_max` with the fixed ones, [num_items]; `offers` are of all items."""
    if constraints.price_max is None:
        return np.ones(catalogue.num_items, dtype=np.bool_)
    fixed = list(constraints.fixed)
    least = constraints.discount.offers(
        (offers + offers[fixed].sum()).astype(np.float64), catalogue.cost + catalogue.cost[fixed].sum()
    )
    return np.asarray(least <= constraints.price_max)


def may_join(constraints: BundleConstraints, model: LoadedModel) -> NDArray[np.bool_]:
    """Items that may be added to the fixed ones and can be sold, [num_items].

    An item without price cannot be sold, unless the shop gives no prices at all.
    """
    is_allowed, is_priced = may_be_added(constraints, model), model.catalogue.price >= 0
    return is_allowed & is_priced if is_priced.any() else is_allowed


def may_be_added(constraints: BundleConstraints, model: LoadedModel) -> NDArray[np.bool_]:
    """Items that may be added to the fixed ones, with or without a price, [num_items]."""
    is_allowed = may_be_fixed(constraints, catalogue=model.catalogue)
    if constraints.promotion is not None:
        is_allowed &= _mask(_promotion_items(constraints.promotion, model)[0], len(is_allowed))
    if constraints.items_from is not None:
        is_allowed &= _mask(list(constraints.items_from), len(is_allowed))
    if constraints.event_week is not None:
        is_allowed &= model.seasons.lift(constraints.event_week) >= MIN_SEASON_LIFT
    excluded = [*constraints.fixed, *constraints.banned, *constraints.cart, *constraints.rules.banned]
    is_allowed[excluded] = False
    return is_allowed


def all_offers(constraints: BundleConstraints, model: LoadedModel) -> NDArray[np.int64]:
    """Offer price of each item under the promotion in minor units, -1 without a price, [num_items]."""
    prices = model.catalogue.price
    if constraints.promotion is None:
        return prices
    items, shares = _promotion_items(constraints.promotion, model)
    discounts = np.zeros(len(prices))
    discounts[items] = np.nan_to_num(shares)
    return offer_prices(prices, discounts)


def _promotion_items(promotion: int, model: LoadedModel) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
    """Items of a promotion and their discount shares, NaN where the shop gives none."""
    return model.artifact.promotions.discount.row(promotion)


def _mask(items: NDArray[np.int32] | list[int], num_items: int) -> NDArray[np.bool_]:
    mask = np.zeros(num_items, dtype=np.bool_)
    mask[items] = True
    return mask
