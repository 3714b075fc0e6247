from __future__ import annotations

import numpy as np

from gnn.components.cold_items.choice import best_unsold


def test_unsold_items_on_offer_are_chosen_those_of_the_best_selling_categories_first() -> None:
    baskets = np.array([50, 9, 0, 0, 0, 0, 3, 0])
    category = np.array([0, 1, 1, 0, 0, -1, 0, 0])
    is_offered = np.array([True, True, True, True, False, True, True, True])

    cold = best_unsold(baskets, category, np.array([0, 1]), is_offered=is_offered, most=2)

    # 4 is not on offer, 6 was sold; 3 and 7 are of category 0, whose item is in 50 baskets.
    assert cold.tolist() == [3, 7]


def test_a_catalogue_of_sold_items_has_no_unsold_ones() -> None:
    cold = best_unsold(
        np.array([4, 5]), np.array([-1, -1]), np.array([0]), is_offered=np.ones(2, np.bool_), most=9
    )

    assert cold.tolist() == []
