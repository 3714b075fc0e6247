from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries
from gnn.evaluation.measuring import is_cold_item, is_cold_user, is_cross_category, is_new_to_user

# Items 0 and 1 are food, 2 is a toy, 3 has no category. The hidden items are 1, 2, 3.
ROOT = np.array([0, 0, 1, -1], dtype=np.int32)
QUERIES = CompletionQueries(
    carts=csr_matrix(np.array([[1, 0, 0, 0], [1, 0, 0, 1], [1, 0, 0, 0]], dtype=np.float32)),
    users=np.array([0, 0, -1]),
    hidden=np.array([1, 2, 3]),
    basket_ids=("a", "b", "c"),
)


def test_a_query_is_cross_category_when_nothing_in_the_cart_shares_the_hidden_items_root() -> None:
    assert is_cross_category(QUERIES, ROOT).tolist() == [False, True, False]


def test_a_hidden_item_is_new_where_its_user_never_bought_it_or_is_unknown() -> None:
    counts = csr_matrix(np.array([[0, 3, 0, 5]], dtype=np.float32))

    assert is_new_to_user(QUERIES, counts).tolist() == [False, True, True]


def test_everything_is_new_where_there_are_no_users() -> None:
    anonymous = CompletionQueries(QUERIES.carts, np.full(3, -1), QUERIES.hidden, QUERIES.basket_ids)

    assert is_new_to_user(anonymous, csr_matrix(np.zeros((0, 4), dtype=np.float32))).tolist() == [
        True,
        True,
        True,
    ]


def test_a_hidden_item_is_cold_where_no_basket_before_the_cut_holds_it() -> None:
    assert is_cold_item(QUERIES, np.array([4, 0, 3, 0])).tolist() == [True, False, True]


def test_a_user_is_cold_without_purchases_or_without_name() -> None:
    queries = CompletionQueries(QUERIES.carts, np.array([0, 1, -1]), QUERIES.hidden, QUERIES.basket_ids)
    counts = csr_matrix(np.array([[0, 3, 0, 0], [0, 0, 0, 0]], dtype=np.float32))

    assert is_cold_user(queries, counts).tolist() == [False, True, True]
    assert is_cold_user(queries[2:], csr_matrix(np.zeros((0, 4), dtype=np.float32))).tolist() == [True]
