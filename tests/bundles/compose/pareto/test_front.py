import numpy as np
import pytest

from bundles.compose.pareto.front import Front, front_of


def make_front(*values: tuple[float, ...]) -> Front:
    return front_of(np.eye(len(values), dtype=np.bool_), np.array(values))


def test_what_another_set_dominates_is_left_out_and_the_first_of_equal_points_stays() -> None:
    front = make_front((0.2, 0.9), (0.9, 0.2), (0.1, 0.9), (0.9, 0.2), (0.5, 0.5))

    assert front.values.tolist() == [[0.9, 0.2], [0.5, 0.5], [0.2, 0.9]]
    assert front.members.argmax(axis=1).tolist() == [1, 4, 0]


def test_the_hypervolume_is_the_area_that_the_front_dominates() -> None:
    front = make_front((0.9, 0.2), (0.5, 0.5), (0.2, 0.9))

    # Columns from the left: below .9 up to x = .2, below .5 up to .5, below .2 up to .9.
    assert front.hypervolume == pytest.approx(0.2 * 0.9 + 0.3 * 0.5 + 0.4 * 0.2)


def test_an_objective_that_is_0_for_all_leaves_no_hypervolume_and_so_does_an_empty_front() -> None:
    assert make_front((0.9, 0.0), (0.5, 0.0)).hypervolume == 0
    assert front_of(np.zeros((0, 3), dtype=np.bool_), np.zeros((0, 2))).hypervolume == 0


def test_a_spread_keeps_the_ends_and_then_what_is_farthest_from_what_it_has() -> None:
    front = make_front((1.0, 0.0), (0.9, 0.1), (0.6, 0.4), (0.5, 0.5), (0.1, 0.9), (0.0, 1.0))

    assert front.spread(3).values.tolist() == [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    assert front.spread(2).values.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert front.spread(6) is front


def test_a_spread_of_one_is_the_best_on_the_first_objective() -> None:
    assert make_front((0.2, 0.9), (0.9, 0.2)).spread(1).values.tolist() == [[0.9, 0.2]]
