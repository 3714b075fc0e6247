from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.data.sparse import keep_strongest, normalise_rows


def test_rows_become_means_or_sums_over_the_root_and_empty_ones_stay() -> None:
    counts = csr_matrix(np.array([[1, 3], [0, 0]], dtype=np.float32))

    assert normalise_rows(counts).toarray().tolist() == [[1 / 4, 3 / 4], [0, 0]]
    assert normalise_rows(counts, power=0.5).toarray()[0] == pytest.approx([1 / 4**0.5, 3 / 4**0.5])


def test_the_strongest_entries_of_each_row_stay() -> None:
    weights = csr_matrix(np.array([[0.1, 0.5, 0.3], [0, 0, 0.2], [0, 0, 0]], dtype=np.float32))

    kept = keep_strongest(weights, 2).toarray()

    assert kept == pytest.approx(np.array([[0, 0.5, 0.3], [0, 0, 0.2], [0, 0, 0]]))
