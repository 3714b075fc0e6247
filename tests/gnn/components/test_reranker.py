"""Queries for the trees, and what they are worth on baskets that they did not see."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.reranker import hide_several
from gnn.data.queries import CompletionQueries

CARTS = csr_matrix(np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]], dtype=np.float32))
QUERIES = CompletionQueries(CARTS, np.array([0, -1, 2]), np.array([4, 5, 3]), ("x", "y", "z"))


def test_the_queries_themselves_come_first() -> None:
    queries, basket = hide_several(QUERIES, 4, rng=np.random.default_rng(0))

    assert basket[:3].tolist() == [0, 1, 2]
    assert np.array_equal(queries.carts[:3].toarray(), CARTS.toarray())
    assert queries.hidden[:3].tolist() == [4, 5, 3]


def test_other_items_of_the_basket_are_hidden_in_turn() -> None:
    queries, basket = hide_several(QUERIES, 3, rng=np.random.default_rng(0))

    # The first basket holds 0, 1, 2 and 4; the others have nothing to spare.
    assert basket.tolist() == [0, 1, 2, 0, 0]
    whole = queries.carts.toarray()
    whole[np.arange(len(queries)), queries.hidden] += 1
    assert (whole[3:] == [1, 1, 1, 0, 1, 0]).all()
    assert len({*queries.hidden[3:].tolist(), 4}) == 3
    assert queries.users.tolist() == [0, -1, 2, 0, 0]
    assert queries.basket_ids == ("x", "y", "z", "x", "x")


@pytest.mark.parametrize("count", [1, 2, 10])
def test_no_item_of_a_basket_is_hidden_twice(count: int) -> None:
    queries, basket = hide_several(QUERIES, count, rng=np.random.default_rng(1))

    pairs = list(zip(basket.tolist(), queries.hidden.tolist(), strict=True))

    assert len(set(pairs)) == len(pairs)
    assert np.bincount(basket).max() <= count
