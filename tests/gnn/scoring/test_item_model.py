from __future__ import annotations

from math import exp

import numpy as np
import pytest

from gnn.scoring.item_model import FEATURES, Ensemble, LinkProbability, summarise


def test_between_two_knots_the_line_is_straight() -> None:
    link = LinkProbability(raw=(0.0, 0.4, 1.0), calibrated=(0.1, 0.2, 0.8))

    found = link.calibrate(np.array([[0.2, 0.4], [0.7, 1.0]]))

    assert found == pytest.approx(np.array([[(0.1 + 0.2) / 2, 0.2], [(0.2 + 0.8) / 2, 0.8]]))


def test_by_default_a_link_stays_as_it_is() -> None:
    links = np.linspace(0, 1, 11)

    assert LinkProbability().calibrate(links) == pytest.approx(links)


def test_weights_of_the_ensemble_are_in_the_order_of_the_features() -> None:
    ensemble = Ensemble(gnn=1, ease=2, bought=3, known=4, share=5, recency=6)

    assert dict(zip(FEATURES, ensemble.as_array().tolist(), strict=True)) == vars(ensemble)


def test_events_are_summed_by_item() -> None:
    history = summarise(np.array([7, 3, 7]), np.array([30.0, 10.0, 0.0]))

    assert history.item.tolist() == [3, 7]
    assert history.count.tolist() == [1, 2]
    assert history.last_age.tolist() == [10, 0]
    assert history.decayed[:, 1].tolist() == pytest.approx([exp(-10 / 30), exp(-30 / 30) + 1])


def test_the_cycle_is_the_last_age_by_the_mean_gap_between_days() -> None:
    # Days 40, 20 and 10 ago: gaps of 20 and 10, and 10 days since.
    history = summarise(np.array([1, 1, 1]), np.array([40.0, 20.0, 10.0]))

    assert history.cycle.tolist() == pytest.approx([10 / ((40 - 10) / 2)])


def test_two_packages_in_one_basket_are_no_cycle() -> None:
    assert np.isnan(summarise(np.array([1, 1]), np.array([5.0, 5.0])).cycle).all()


def test_a_user_without_purchases_has_no_rows() -> None:
    history = summarise(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))

    assert history.item.shape == (0,)
    assert history.decayed.shape == (0, 3)
