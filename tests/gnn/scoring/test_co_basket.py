import numpy as np
import pytest

from gnn.scoring.item_scores import softmax_probabilities


def test_the_probability_of_an_item_is_that_one_of_ten_choices_is_it() -> None:
    scores = np.array([np.log(1), np.log(1), np.log(2), np.log(996)], dtype=np.float32) - 50

    # One choice in 1,000 is the first item, one in 500 the third.
    probabilities = softmax_probabilities(scores)

    expected = [1 - np.exp(-10 / 1_000), 1 - np.exp(-10 / 1_000), 1 - np.exp(-10 / 500), 1.0]
    assert probabilities.tolist() == pytest.approx(expected, rel=1e-4)


def test_no_items_have_no_probabilities() -> None:
    assert softmax_probabilities(np.zeros(0, dtype=np.float32)).tolist() == []
