from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import log

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from gnn.data.purchases import Purchases, UserEvents
from gnn.data.queries import CompletionQueries
from gnn.network.basket_task import hide_items, query_batch
from gnn.network.heads import BasketBatch

# Two baskets of user 0 and an anonymous one, over 5 items; item 0 is twice in the first basket.
LINES = np.array([[2, 1, 1, 1, 1], [1, 0, 0, 0, 0], [0, 0, 1, 1, 0]], dtype=np.float32)
PURCHASES = Purchases(
    lines=csr_matrix(LINES),
    basket_user=np.array([0, 0, -1]),
    basket_age=np.zeros(3),
    counts=csr_matrix(LINES[:2].sum(axis=0, keepdims=True)),
    events=UserEvents(np.zeros(2, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)),
    as_of=datetime(2024, 1, 1, tzinfo=UTC),
)


def hide(baskets: list[int], *, share: float = 0.4, purchases: Purchases = PURCHASES) -> BasketBatch:
    return hide_items(
        purchases,
        np.array(baskets),
        hidden_share=share,
        rng=np.random.default_rng(0),
        device=torch.device("cpu"),
    )


def history(batch: BasketBatch) -> Tensor:
    """[B, num_ranked]"""
    dense: Tensor = batch.history_index.to_dense(batch.history_weight)
    return dense


def cart(batch: BasketBatch) -> Tensor:
    """[B, num_ranked]"""
    dense: Tensor = batch.cart_index.to_dense(batch.cart_weight)
    return dense


def test_each_basket_is_split_into_a_cart_and_hidden_items() -> None:
    batch = hide([0, 2])

    cart = set(map(tuple, batch.cart_index.numpy().T.tolist()))
    hidden = set(map(tuple, batch.edge_label_index.numpy().T.tolist()))
    assert cart | hidden == {(0, item) for item in range(5)} | {(1, 2), (1, 3)}
    assert not cart & hidden
    # 40 % of 5 items; of 2 items at least one.
    assert [sum(row == number for row, _ in hidden) for number in (0, 1)] == [2, 1]


def test_the_basket_itself_is_not_in_the_history() -> None:
    batch = hide([0])

    # The user's only other basket holds item 0 once; the two lines of item 0 in this one are gone.
    assert batch.history_index.tolist() == [[0], [0]]
    assert batch.log_counts.tolist() == pytest.approx([log(2)])
    assert history(batch).tolist() == [[1, 0, 0, 0, 0]]


def test_the_only_item_of_a_basket_is_hidden_and_the_cart_is_empty() -> None:
    batch = hide([1])

    assert cart(batch).sum() == 0
    assert batch.edge_label_index.tolist() == [[0], [0]]


def test_an_anonymous_basket_has_no_history_and_the_embedding_of_unknown_users() -> None:
    batch = hide([2])

    assert batch.users.tolist() == [1]
    assert len(batch.log_counts) == 0


def test_a_shop_without_users_has_batches_too() -> None:
    nobody = csr_matrix(np.zeros((0, 5), dtype=np.float32))
    anonymous = replace(PURCHASES, basket_user=np.full(3, -1), counts=nobody)

    batch = hide([0, 1, 2], purchases=anonymous)

    assert batch.users.tolist() == [0, 0, 0]
    assert len(batch.log_counts) == 0


def test_a_cart_is_divided_by_the_root_of_its_size() -> None:
    queries = CompletionQueries(
        csr_matrix(np.array([[1, 1, 1, 1, 0]], dtype=np.float32)), np.array([0]), np.array([4]), ("b",)
    )

    batch = query_batch(PURCHASES, queries, device=torch.device("cpu"))

    assert cart(batch).tolist() == [[0.5, 0.5, 0.5, 0.5, 0]]
    assert history(batch)[0, 0].item() == pytest.approx(3 / 7**0.5)  # 3 of 7 lines


def test_counts_follow_the_edges_of_the_history() -> None:
    batch = hide([1])

    # The first basket of user 0: item 0 twice, the others once.
    expected = {0: 2.0, 1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0}
    items = batch.history_index.numpy()[1].tolist()
    assert dict(zip(items, batch.log_counts.expm1().tolist(), strict=True)) == pytest.approx(expected)
    assert items == sorted(items)
