from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import log

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from gnn.data.purchases import Purchases, UserEvents
from gnn.data.queries import CompletionQueries
from gnn.network.basket_batches import Batch, hide_items, query_batch

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


def hide(baskets: list[int], *, share: float = 0.4, purchases: Purchases = PURCHASES) -> Batch:
    return hide_items(
        purchases,
        np.array(baskets),
        hidden_share=share,
        rng=np.random.default_rng(0),
        device=torch.device("cpu"),
    )


def test_each_basket_is_parted_into_a_cart_and_hidden_items() -> None:
    batch = hide([0, 2])

    cart = set(zip(*(places.tolist() for places in batch.cart_places), strict=True))
    hidden = set(zip(*(places.tolist() for places in batch.hidden), strict=True))
    assert cart | hidden == {(0, item) for item in range(5)} | {(1, 2), (1, 3)}
    assert not cart & hidden
    assert [sum(row == number for row, _ in hidden) for number in (0, 1)] == [
        2,
        1,
    ]  # 40 % of 5; of 2, at least one


def test_the_history_knows_nothing_of_the_basket_itself() -> None:
    batch = hide([0])

    # The user's only other basket holds item 0 once; the two lines of item 0 in this one are gone.
    assert [places.tolist() for places in batch.count_places] == [[0], [0]]
    assert batch.log_counts.tolist() == pytest.approx([log(2)])
    assert batch.history.forward.to_dense().tolist() == [[1, 0, 0, 0, 0]]


def test_a_basket_of_one_item_asks_for_it_with_an_empty_cart() -> None:
    batch = hide([1])

    assert batch.cart.forward.to_dense().sum() == 0
    assert [places.tolist() for places in batch.hidden] == [[0], [0]]


def test_an_anonymous_basket_has_no_history_and_the_user_of_all_unknown() -> None:
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

    assert batch.cart.forward.to_dense().tolist() == [[0.5, 0.5, 0.5, 0.5, 0]]
    assert batch.history.forward.to_dense()[0, 0].item() == pytest.approx(3 / 7**0.5)  # 3 of 7 lines
