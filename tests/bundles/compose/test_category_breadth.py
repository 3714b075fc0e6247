import numpy as np
import pytest

from bundles.compose.shortlist import CategoryStrength
from gnn.scoring.catalogue import CategoryPairs
from gnn.scoring.containers import Csr

#: Categories 0 and 2 are in 45 baskets together, three times as often as by chance; 1 and 2 were not counted.
PAIRS = CategoryPairs(
    lift=Csr.from_entries(np.array([0, 2]), np.array([2, 0]), np.array([3.0, 3.0]), num_rows=4),
    baskets=np.array([45, 45]),
)


def test_two_categories_are_worth_their_shrunk_lift_and_chance_where_it_was_not_counted() -> None:
    strength = CategoryStrength(PAIRS).between(np.array([2, 0, 2, 1, -1], dtype=np.int32))

    x = (45 + 5) / (45 / 3 + 5)
    assert strength[0].tolist() == pytest.approx([0, x / (1 + x), 0, 0.5, 0])
    assert np.array_equal(strength, strength.T)
    assert not strength[4].any()


def test_a_shop_without_categories_has_no_bridges() -> None:
    assert not CategoryStrength(CategoryPairs()).between(np.full(3, -1, dtype=np.int32)).any()
