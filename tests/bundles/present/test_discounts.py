import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundles.present.discounts import NO_DISCOUNT, DiscountPolicy


def offer(policy: DiscountPolicy, total: float, cost: float) -> float:
    return float(policy.offers(np.array([total]), np.array([cost]))[0])


def test_without_a_policy_a_bundle_costs_what_its_items_do() -> None:
    assert offer(NO_DISCOUNT, 747.0, 500.0) == 747


def test_a_share_is_taken_off_and_halves_are_rounded_up() -> None:
    assert offer(DiscountPolicy(share=0.1), 745.0, np.nan) == 671  # 670.5
    assert offer(DiscountPolicy(share=0.1), 747.0, 500.0) == 672  # 672.3


def test_a_floor_alone_gives_the_largest_discount_that_it_leaves() -> None:
    # (offer - 300) / offer = .25 at 400.
    assert offer(DiscountPolicy(share=None, margin_floor=0.25), 747.0, 300.0) == 400


def test_a_share_gives_no_more_than_the_floor_leaves() -> None:
    policy = DiscountPolicy(share=0.5, margin_floor=0.25)

    assert offer(policy, 500.0, 300.0) == 400  # not 250
    assert offer(policy, 900.0, 300.0) == 450


def test_a_bundle_that_earns_too_little_is_made_no_dearer_and_breaks_the_floor() -> None:
    policy = DiscountPolicy(share=None, margin_floor=0.5)

    assert offer(policy, 500.0, 300.0) == 500
    assert policy.breaks_floor(np.array([500.0, 600.0]), np.array([300.0, 300.0])).tolist() == [True, False]


def test_under_a_floor_an_unknown_cost_gives_no_discount_and_breaks_nothing() -> None:
    policy = DiscountPolicy(share=0.1, margin_floor=0.2)

    assert offer(policy, 500.0, np.nan) == 500
    assert not policy.breaks_floor(np.array([500.0]), np.array([np.nan])).any()


@pytest.mark.parametrize("policy", [NO_DISCOUNT, DiscountPolicy(0.2), DiscountPolicy(None, 0.1)])
def test_a_bundle_without_price_has_none(policy: DiscountPolicy) -> None:
    assert np.isnan(offer(policy, np.nan, 100.0))


shares = st.none() | st.floats(0, 0.99)
floors = st.none() | st.floats(0, 0.99)
amounts = st.integers(0, 10**7)


@given(share=shares, floor=floors, total=amounts, cost=st.none() | amounts, more=amounts, dearer=amounts)
def test_an_offer_is_never_negative_above_the_items_or_a_discount_below_the_floor(
    share: float | None, floor: float | None, total: int, cost: int | None, more: int, dearer: int
) -> None:
    policy = DiscountPolicy(0.0 if share is None and floor is None else share, floor)
    known_cost = np.nan if cost is None else float(cost)

    found = offer(policy, float(total), known_cost)

    assert 0 <= found <= total
    assert found == int(found)
    if floor is not None and found < total:
        assert cost is not None
        assert found - cost >= floor * found - 1e-6 * max(found, 1)
    # More items, each with a price and a cost, never make a bundle cheaper: what searching relies on.
    assert offer(policy, float(total + more), known_cost + dearer) >= found
