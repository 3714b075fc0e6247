from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.closed_forms import with_items

LINES = csr_matrix(np.array([[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0]], dtype=np.float32))


def test_the_most_bought_items_are_kept() -> None:
    assert with_items(LINES, 2).toarray().tolist() == [[1, 1], [1, 0], [1, 1]]


def test_items_that_are_split_share_their_lines() -> None:
    grown = with_items(LINES, 5).toarray()

    # Three are bought: two of them become two each, columns 0 and 2, 1 and 3.
    assert grown.shape == (3, 5)
    assert (grown[:, 0] + grown[:, 2]).tolist() == [1, 1, 1]
    assert (grown[:, 1] + grown[:, 3]).tolist() == [1, 0, 1]
    assert grown[:, 4].tolist() == [0, 1, 0]


def test_more_than_twice_the_items_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 6 items"):
        with_items(LINES, 7)
