from __future__ import annotations

import numpy as np
import pytest

from gnn.evaluation.co_purchase import fit_co_purchase
from tests.gnn.components.ease.test_exact import BASKETS, purchases


def test_the_similarity_is_the_cosine_of_the_items_baskets() -> None:
    similarity = fit_co_purchase(purchases(BASKETS)).similarity.toarray()

    # Items 0 and 1 are in 3 baskets each, 2 of them the same.
    assert similarity[0, 1] == pytest.approx(2 / (3 * 3) ** 0.5)
    assert similarity == pytest.approx(similarity.T)
    assert np.diag(similarity).tolist() == [0, 0, 0, 0]
