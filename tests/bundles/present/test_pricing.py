import numpy as np
import pytest

from bundles.present.answers import BundlePrice
from bundles.present.discounts import NO_DISCOUNT, DiscountPolicy
from bundles.present.pricing import (
    limit_in_minor_units,
    minor_digits,
    offer_prices,
    price_bundle,
    to_amount,
    to_minor_units,
)


def test_halves_are_rounded_up_although_floats_stand_below_them() -> None:
    # 1.005 is 1.00499… as a float.
    assert to_minor_units(np.array([1.005, 0.1, 0.2, 19.99]), digits=2).tolist() == [101, 10, 20, 1999]


def test_an_unknown_price_stays_unknown() -> None:
    prices = to_minor_units(np.array([np.nan, 1.0]), digits=2)

    assert prices.tolist() == [-1, 100]
    assert offer_prices(prices, np.array([0.5, 0.5])).tolist() == [-1, 50]
    assert to_amount(-1, digits=2) is None


def test_an_offer_is_never_negative_nor_above_the_price() -> None:
    offers = offer_prices(np.array([100, 100, 101]), np.array([2.0, -1.0, 0.5]))

    # Half of 1.01 is .505, which rounds up.
    assert offers.tolist() == [0, 100, 51]


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), (None, 2)])
def test_a_currency_has_its_own_minor_units(currency: str | None, digits: int) -> None:
    assert minor_digits(currency) == digits


def test_limits_are_rounded_inwards() -> None:
    assert limit_in_minor_units(20.005, digits=2, is_upper=True) == 2000
    assert limit_in_minor_units(20.005, digits=2, is_upper=False) == 2001
    assert limit_in_minor_units(None, digits=2, is_upper=True) is None


def priced(
    prices: list[float],
    offers: list[float],
    costs: list[float],
    policy: DiscountPolicy = NO_DISCOUNT,
    *,
    fixed: int | None = None,
) -> BundlePrice:
    return price_bundle(
        np.array(prices), np.array(offers), np.array(costs), policy=policy, fixed_offer=fixed, digits=2
    )


def test_a_bundle_costs_the_sum_of_its_items() -> None:
    price = priced([10.0, 20.0], [10.0, 17.0], [5.0, np.nan])

    assert (price.list, price.offer, price.discount) == (0.3, 0.27, 0.1)


def test_a_policy_comes_after_the_discounts_of_items() -> None:
    price = priced([100.0, 200.0], [100.0, 180.0], [50.0, 100.0], DiscountPolicy(share=0.25))

    # (1.00 + 1.80) · .75 = 2.10 of 3.00
    assert (price.list, price.offer, price.discount) == (3.0, 2.1, 0.3)


def test_a_bundle_with_an_unpriced_item_has_no_price() -> None:
    price = priced([10.0, np.nan], [10.0, np.nan], [5.0, 5.0], DiscountPolicy(share=0.25))

    assert (price.list, price.offer, price.discount) == (None, None, 0.0)


def test_a_fixed_offer_is_what_the_customer_pays_whatever_the_discounts() -> None:
    price = priced([10.0, 30.0], [5.0, 30.0], [5.0, 5.0], DiscountPolicy(0.5), fixed=30)

    assert price == BundlePrice(list=0.4, offer=0.3, discount=0.25)
    assert priced([np.nan, 20.0], [np.nan, 20.0], [5.0, 5.0], fixed=30).offer is None
