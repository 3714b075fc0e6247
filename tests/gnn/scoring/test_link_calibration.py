import numpy as np
import pytest

from gnn.scoring.link_calibration import LinkCalibration


def test_between_two_knots_the_line_is_straight() -> None:
    calibration = LinkCalibration(raw=(0.0, 0.4, 1.0), calibrated=(0.1, 0.2, 0.8))

    found = calibration.probabilities(np.array([[0.2, 0.4], [0.7, 1.0]]))

    assert found == pytest.approx(np.array([[(0.1 + 0.2) / 2, 0.2], [(0.2 + 0.8) / 2, 0.8]]))


def test_by_default_a_link_stays_as_it_is() -> None:
    links = np.linspace(0, 1, 11)

    assert LinkCalibration().probabilities(links) == pytest.approx(links)


def test_a_calibration_survives_its_config() -> None:
    calibration = LinkCalibration(raw=(0.0, 0.4, 1.0), calibrated=(0.1, 0.2, 0.8))

    assert LinkCalibration.from_config(calibration.to_config()) == calibration


@pytest.mark.parametrize("damaged", [None, 3, {"raw": [0, 1]}])
def test_what_is_no_calibration_is_refused(damaged: object) -> None:
    with pytest.raises(ValueError, match="expected knots raw and calibrated"):
        LinkCalibration.from_config(damaged)
