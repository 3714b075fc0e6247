import numpy as np
import pytest

from bundles.compose.objectives import SetTotals, compute_objectives, fit_from_chances
from bundles.request.schemas import Weights


def totals(**changes: float) -> SetTotals:
    values = {
        "size": 3,
        "link_sum": 2.1,
        "weakest_link": 0.4,
        "category_strength_sum": 1.2,
        "num_category_pairs": 2.0,
        "num_roots": 2.0,
        "fit_sum": 0.8,
        "list_price": 1000.0,
        "offer": 900.0,
        "cost": 600.0,
        **changes,
    }
    values["item_offers"] = values["offer"]
    return SetTotals(num_fixed=1, **{name: np.array([value]) for name, value in values.items()})


def test_each_objective_is_its_formula() -> None:
    values = compute_objectives(totals(), weights=Weights(margin=1.0, discount=2.0), max_size=5)

    coherence = (2.1 / 3 + 0.4) / 2
    user_fit = 0.8 / (3 - 1)
    breadth = (2 - 1) / (5 - 1) * (1.2 / 2)
    margin, discount = (900 - 600) / 900, 1 - 900 / 1000
    assert values.coherence[0] == pytest.approx(coherence)
    assert values.user_fit[0] == pytest.approx(user_fit)
    assert values.breadth[0] == pytest.approx(breadth)
    assert values.margin[0] == pytest.approx(margin)
    assert values.discount[0] == pytest.approx(discount)
    assert values.weakest_link[0] == 0.4
    weights = Weights()
    weighted = weights.coherence * coherence + weights.user_fit * user_fit + weights.breadth * breadth
    total = weights.coherence + weights.user_fit + weights.breadth + 1.0 + 2.0
    assert values.score[0] == pytest.approx((weighted + 1.0 * margin + 2.0 * discount) / total)


def test_one_odd_item_cannot_hide_among_good_ones() -> None:
    # Six pairs each: in the one set all are .7, in the other three are .9 and the three of one item .5.
    even = compute_objectives(totals(size=4, link_sum=4.2, weakest_link=0.7), weights=Weights(), max_size=4)
    odd = compute_objectives(totals(size=4, link_sum=4.2, weakest_link=0.5), weights=Weights(), max_size=4)

    assert even.coherence[0] - odd.coherence[0] == pytest.approx((0.7 - 0.5) / 2)


def test_an_unknown_cost_is_an_unknown_margin_and_counts_nothing() -> None:
    values = compute_objectives(
        totals(cost=np.nan), weights=Weights(coherence=0, user_fit=0.5, breadth=0.3, margin=1), max_size=5
    )

    assert np.isnan(values.margin[0])
    assert values.score[0] == pytest.approx((0.5 * 0.4 + 0.3 * 0.25 * 0.6) / (0.5 + 0.3 + 1.0))


def test_what_is_sold_below_cost_or_given_away_has_no_margin() -> None:
    assert compute_objectives(totals(cost=2000.0), weights=Weights(), max_size=5).margin[0] == 0
    assert compute_objectives(totals(offer=0.0), weights=Weights(), max_size=5).margin[0] == 0


def test_a_set_without_category_has_no_breadth() -> None:
    without = totals(num_roots=0.0, num_category_pairs=0.0, category_strength_sum=0.0)

    assert compute_objectives(without, weights=Weights(), max_size=5).breadth[0] == 0


def test_fixed_items_alone_fit_nobody() -> None:
    alone = totals(size=1, fit_sum=0.0)

    assert compute_objectives(alone, weights=Weights(), max_size=5).user_fit[0] == 0


def test_an_item_fits_as_likely_as_it_is_in_one_of_three_baskets() -> None:
    # Not in the first, nor in the second, nor in the third.
    assert fit_from_chances(np.array([0.0, 0.1, 1.0])).tolist() == pytest.approx([0, 1 - 0.9**3, 1])
