from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.composition.mining import fit_lift_pairs, fit_rules
from gnn.data.queries import CompletionQueries

#: 0 and 1 together in 3 of 8 baskets, with 2 in one of them; 2 and 3 in 2.
BASKETS = csr_matrix(
    np.array(
        [
            [1, 1, 0, 0],
            [1, 1, 0, 0],
            [1, 1, 1, 0],
            [1, 0, 0, 0],
            [0, 0, 1, 1],
            [0, 0, 1, 1],
            [0, 0, 0, 1],
            [0, 0, 0, 1],
        ],
        dtype=np.float32,
    )
)


def cart(*items: int) -> CompletionQueries:
    row = np.zeros((1, 4), dtype=np.float32)
    row[0, list(items)] = 1
    return CompletionQueries(csr_matrix(row), np.array([-1]), np.array([0]), ("",))


def test_an_item_is_scored_by_the_most_confident_rule_or_by_its_support() -> None:
    rules = fit_rules(BASKETS, min_support=0.1)

    assert rules.score(cart(0))[0].tolist() == pytest.approx([4 / 8, 3 / 4, max(1 / 4, 3 / 8), 4 / 8])
    # {0, 1} → 2 in one of three baskets; 2 → 3 in two of three.
    assert rules.score(cart(0, 1))[0, 2] == pytest.approx(3 / 8)
    assert rules.score(cart(0, 2))[0, 1] == pytest.approx(1 / 1)


def test_rare_itemsets_make_no_rules() -> None:
    rules = fit_rules(BASKETS, min_support=0.3)

    assert set(rules.consequents) == {(0,), (1,)}


def test_pairs_are_scored_by_lift_where_enough_baskets_hold_them() -> None:
    pairs = fit_lift_pairs(BASKETS, min_baskets=2)

    # 0 with 1: 8 · 3 / (4 · 3). 2 with 0 is in one basket alone.
    assert pairs.score(cart(0))[0].tolist() == pytest.approx([0, 8 * 3 / (4 * 3), 0, 0])
    assert pairs.score(cart(0, 2))[0].tolist() == pytest.approx([0, 2, 0, 8 * 2 / (3 * 4)])
