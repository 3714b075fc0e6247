import numpy as np
import pytest

from gnn.scoring.item_model import FEATURES, Ensemble, LinkProbability


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
