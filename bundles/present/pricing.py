"""Prices: whole minor units inside, decimal amounts in requests and answers.

Sums and limits are exact, which floats of major units are not: 0.1 + 0.2 is 0.30 here.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np
from numpy.typing import NDArray

from bundles.present.answers import BundlePrice
from bundles.present.discounts import DiscountPolicy

#: Decimals of currencies that do not have two (ISO 4217).
_MINOR_DIGITS = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"], 0),
    **dict.fromkeys(["VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
#: Rounds products such as 1.005 × 100 = 100.49999999999999 up, as their decimals would be.
_HALF = 0.5 + 1e-6


def minor_digits(currency: str | None) -> int:
    """Decimals of `currency`; 2 for an unknown one."""
    return _MINOR_DIGITS.get(currency or "", 2)


def to_minor_units(prices: NDArray[np.float64], *, digits: int) -> NDArray[np.int64]:
    """`prices` in minor units, halves rounded up; -1 where a price is NaN or negative."""
    is_known = prices >= 0
    rounded = np.floor(np.where(is_known, prices, 0.0) * 10**digits + _HALF)
    return np.where(is_known, rounded, -1).astype(np.int64)


def offer_prices(prices: NDArray[np.int64], discounts: NDArray[np.float64]) -> NDArray[np.int64]:
    """`prices` (minor units, -1 for none) less their discount shares, halves rounded up, never negative."""
    offers = np.floor(prices * (1 - np.clip(discounts, 0, 1)) + _HALF).astype(np.int64)
    return np.where(prices >= 0, offers, -1)


def limit_in_minor_units(limit: float | None, *, digits: int, is_upper: bool) -> int | None:
    """A price limit in minor units, rounded inwards, so that it excludes the same offers."""
    if limit is None:
        return None
    rounding = ROUND_FLOOR if is_upper else ROUND_CEILING
    return int(Decimal(repr(limit)).scaleb(digits).to_integral_value(rounding))


def to_amount(minor_units: int, *, digits: int) -> float | None:
    """Minor units as an amount of the currency, None for -1."""
    return None if minor_units < 0 else float(Decimal(int(minor_units)).scaleb(-digits))


def price_bundle(
    prices: NDArray[np.float64],
    offers: NDArray[np.float64],
    costs: NDArray[np.float64],
    *,
    policy: DiscountPolicy,
    fixed_offer: int | None,
    digits: int,
) -> BundlePrice:
    """List = Σ prices, offer = Σ offers minus the discount of `policy`, discount = 1 - offer / list.

    Prices, offers and costs of the items are in minor units, as is `fixed_offer`, which replaces the offer.
    All is null if a price is NaN.
    """
    if np.isnan(prices).any():
        return BundlePrice(list=None, offer=None, discount=0.0)
    list_price = int(prices.sum())
    offer = fixed_offer
    if offer is None:
        offer = int(policy.offers(offers.sum(keepdims=True), costs.sum(keepdims=True))[0])
    return BundlePrice(
        list=to_amount(list_price, digits=digits),
        offer=to_amount(offer, digits=digits),
        discount=round(1 - offer / list_price, 4) if list_price else 0.0,
    )
