import numpy as np
import pytest

from bundles.objectives import SetTotals, fit_of_scores, measure
from bundles.requests import Weights


def totals(**changes: float) -> SetTotals:
    values = {
        "link_sum": 2.1,
        "fit_sum": 1.5,
        "num_roots": 2.0,
        "list_price": 1000.0,
        "offer": 900.0,
        "cost": 600.0,
        **changes,
    }
    return SetTotals(size=3, **{name: np.array([value]) for name, value in values.items()})


def test_each_objective_is_its_formula() -> None:
    values = measure(totals(), weights=Weights(margin=1.0, discount=2.0), max_size=5)

    assert values.coherence[0] == pytest.approx(2.1 / 3)
    assert values.user_fit[0] == pytest.approx(1.5 / 3)
    assert values.breadth[0] == pytest.approx((2 - 1) / (5 - 1))
    assert values.margin[0] == pytest.approx((900 - 600) / 900)
    assert values.discount[0] == pytest.approx(1 - 900 / 1000)
    weighted = 1.0 * 0.7 + 0.5 * 0.5 + 0.3 * 0.25 + 1.0 * (1 / 3) + 2.0 * 0.1
    assert values.score[0] == pytest.approx(weighted / (1.0 + 0.5 + 0.3 + 1.0 + 2.0))


def test_an_unknown_cost_is_an_unknown_margin_and_counts_nothing() -> None:
    values = measure(totals(cost=np.nan), weights=Weights(coherence=0, margin=1.0), max_size=5)

    assert np.isnan(values.margin[0])
    assert values.score[0] == pytest.approx((0.5 * 0.5 + 0.3 * 0.25) / (0.5 + 0.3 + 1.0))


def test_what_is_sold_below_cost_or_given_away_has_no_margin() -> None:
    assert measure(totals(cost=2000.0), weights=Weights(), max_size=5).margin[0] == 0
    assert measure(totals(offer=0.0), weights=Weights(), max_size=5).margin[0] == 0


def test_a_set_without_category_has_no_breadth() -> None:
    assert measure(totals(num_roots=0.0), weights=Weights(), max_size=5).breadth[0] == 0


def test_the_fit_of_an_item_is_how_far_its_score_stands_out() -> None:
    scores = np.array([0.0, 0.0, 0.0, 4.0], dtype=np.float32)

    # Mean 1, standard deviation √3: z of the last is √3.
    assert fit_of_scores(scores).tolist() == pytest.approx([0, 0, 0, 3**0.5 / (3**0.5 + 2)])
    assert fit_of_scores(np.zeros(3, dtype=np.float32)).tolist() == [0, 0, 0]
