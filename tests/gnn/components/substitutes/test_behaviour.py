from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.substitutes.behaviour import (
    bought_as_substitutes,
    expected_baskets,
    viewed_as_substitutes,
)

PENNE, SHELLS, SAUCE, CHEESE, SOAP = range(5)


def rows(*kinds: tuple[list[int], int]) -> csr_matrix:
    """1 for each item of a row, (items, how many such rows there are)."""
    dense = np.zeros((sum(times for _, times in kinds), 5), dtype=np.float32)
    start = 0
    for items, times in kinds:
        dense[start : start + times, items] = 1
        start += times
    return csr_matrix(dense)


def contexts(**pairs: float) -> csr_matrix:
    """Symmetric strengths by names such as `penne_sauce`."""
    strengths = np.zeros((5, 5))
    for names, strength in pairs.items():
        a, b = (["penne", "shells", "sauce", "cheese", "soap"].index(name) for name in names.split("_"))
        strengths[a, b] = strengths[b, a] = strength
    return csr_matrix(strengths)


PASTA = rows(([PENNE, SAUCE, CHEESE], 100), ([SHELLS, SAUCE, CHEESE], 100), ([SOAP], 100))
CONTEXTS = contexts(penne_sauce=0.6, penne_cheese=0.6, shells_sauce=0.6, shells_cheese=0.6, sauce_cheese=0.6)


def test_items_bought_with_the_same_others_and_not_together_are_substitutes() -> None:
    first, second, score = bought_as_substitutes(expected_baskets(PASTA), CONTEXTS)

    assert (first.tolist(), second.tolist()) == ([PENNE], [SHELLS])
    assert score == pytest.approx([1.0])


def test_items_bought_together_are_no_substitutes_however_similar() -> None:
    # Half the baskets hold both kinds of pasta: more than chance has it.
    both = rows(([PENNE, SHELLS, SAUCE, CHEESE], 100), ([SAUCE, CHEESE], 100), ([SOAP], 100))

    assert len(bought_as_substitutes(expected_baskets(both), CONTEXTS)[0]) == 0


def test_too_few_baskets_give_no_substitutes() -> None:
    few = rows(([PENNE, SAUCE, CHEESE], 3), ([SHELLS, SAUCE, CHEESE], 3), ([SOAP], 3))

    assert len(bought_as_substitutes(expected_baskets(few), CONTEXTS)[0]) == 0


def test_items_viewed_together_and_bought_one_at_a_time_are_substitutes() -> None:
    # 200 users view both pastas and buy one or the other; 100 view soap alone.
    viewers = rows(([PENNE, SHELLS], 200), ([SOAP], 300))
    buyers = rows(([PENNE], 100), ([SHELLS], 100), ([SOAP], 300))

    first, second, score = viewed_as_substitutes(viewers, buyers)

    assert (first.tolist(), second.tolist()) == ([PENNE], [SHELLS])
    # By their shares, half of the viewers each, a quarter of 200 would have bought both; none did.
    assert score == pytest.approx([1 - 5 / (200 / 4 + 5)])


def test_items_viewed_and_bought_together_are_no_substitutes() -> None:
    viewers = rows(([PENNE, SAUCE], 200), ([SOAP], 300))
    buyers = rows(([PENNE, SAUCE], 100), ([], 100), ([SOAP], 300))

    assert len(viewed_as_substitutes(viewers, buyers)[0]) == 0


def test_a_shop_without_views_or_baskets_has_no_such_pairs() -> None:
    nothing = csr_matrix(np.zeros((4, 5), dtype=np.float32))

    assert len(viewed_as_substitutes(nothing, nothing)[0]) == 0
    assert len(bought_as_substitutes(expected_baskets(nothing), csr_matrix(np.zeros((5, 5))))[0]) == 0
