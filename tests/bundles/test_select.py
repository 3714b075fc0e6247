import numpy as np

from bundles.select import select_different

#: Two nearly equal sets, and one that shares nothing with them.
MEMBERS = np.array([[1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 0, 0], [0, 0, 0, 0, 1, 1]], dtype=np.bool_)
SCORES = np.array([0.9, 0.89, 0.7])


def test_without_diversity_the_best_scores_are_chosen() -> None:
    assert select_different(MEMBERS, SCORES, count=2, diversity=0.0).tolist() == [0, 1]


def test_with_diversity_a_set_that_differs_is_preferred() -> None:
    # The second shares 2 of 4 items: .5 · .89 - .5 · 2/4 = .195, against .5 · .7 - 0 = .35.
    assert select_different(MEMBERS, SCORES, count=2, diversity=0.5).tolist() == [0, 2]


def test_no_more_are_chosen_than_there_are() -> None:
    assert sorted(select_different(MEMBERS, SCORES, count=9, diversity=1.0).tolist()) == [0, 1, 2]
