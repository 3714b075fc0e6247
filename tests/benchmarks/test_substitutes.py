from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.substitutes import count_pairs, lift_of_listed, lifts_of_types
from gnn.data.purchases import Purchases, UserEvents
from gnn.scoring.containers import Csr
from gnn.scoring.substitutes import Substitutes
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

#: Penne and shells are one type, sauce and cheese two more.
CHEESE, PENNE, SAUCE, SHELLS = range(4)
CATALOGUE = make_artifact(
    PlantedShop(
        [
            PlantedItem("cheese", "Food > Cheese"),
            PlantedItem("penne", "Food > Pasta"),
            PlantedItem("sauce", "Food > Sauce"),
            PlantedItem("shells", "Food > Pasta"),
        ]
    )
).catalogue


def purchases(*kinds: tuple[list[int], int]) -> Purchases:
    """Purchases of baskets: (items, number of such baskets)."""
    rows = [items for items, times in kinds for _ in range(times)]
    lines = np.zeros((len(rows), 4), dtype=np.float32)
    for row, items in enumerate(rows):
        lines[row, items] = 1
    no_events = UserEvents(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0))
    return Purchases(
        lines=csr_matrix(lines),
        basket_user=np.full(len(rows), -1),
        basket_age=np.zeros(len(rows)),
        counts=csr_matrix(np.zeros((0, 4), dtype=np.float32)),
        events=no_events,
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
    )


def substitutes(first: int, second: int, score: float) -> Substitutes:
    """The types of the catalogue as groups, and one further pair, `first` below `second`."""
    rows, columns = np.array([first, second]), np.array([second, first])
    return Substitutes(
        variant=np.full(4, -1, dtype=np.int32),
        product_type=CATALOGUE.category,
        score=Csr.from_entries(rows, columns, np.full(2, score, dtype=np.float32), num_rows=4),
    )


def test_pairs_in_five_baskets_are_counted_with_their_type_and_flag() -> None:
    found = count_pairs(
        purchases(([PENNE, SAUCE], 9), ([PENNE, SHELLS], 6), ([SAUCE, CHEESE], 4)),
        CATALOGUE,
        substitutes(CHEESE, SAUCE, 0.8),
    )

    # Penne and sauce, penne and shells; sauce and cheese are in four baskets.
    assert found.is_one_type.tolist() == [False, True]
    assert found.is_substitute.tolist() == [False, True]


def test_complements_of_one_type_are_not_flagged() -> None:
    found = count_pairs(purchases(([PENNE, SHELLS], 6)), CATALOGUE, substitutes(PENNE, SHELLS, 0.0))

    assert found.is_one_type.tolist() == [True]
    assert found.is_substitute.tolist() == [False]


def test_lifts_are_observed_over_expected_baskets() -> None:
    # 20 baskets of two: 40 lines, 20 ordered pairs twice; e = a b · 40 / 40².
    of = purchases(([PENNE, SAUCE], 10), ([SHELLS, SAUCE], 8), ([PENNE, SHELLS], 2))

    assert lift_of_listed(of, substitutes(PENNE, SHELLS, 1.0)).startswith(
        f"{2 / (12 * 10 * 40 / 40**2):.2f} (2 of 3"
    )
    of_one_type, of_two_types = lifts_of_types(of, CATALOGUE)
    assert float(of_one_type) == pytest.approx(2 / (12 * 10 / 40), abs=0.005)
    assert float(of_two_types) == pytest.approx((10 + 8) / ((12 + 10) * 18 / 40), abs=0.005)
