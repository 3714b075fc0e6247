from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.ease import Ease, ExactEase, LargeEase, fit_ease
from gnn.components.large_ease import fit_head_and_tail
from tests.gnn.components.test_ease import BASKETS, purchases

NUM_ITEMS, NUM_BASKETS = 120, 4_000


@pytest.fixture(scope="module")
def baskets() -> NDArray[np.float32]:
    """Groups of four items that are bought together, ever rarer, and half a basket of noise."""
    rng = np.random.default_rng(0)
    popularity = 1 / (1 + np.arange(NUM_ITEMS // 4))
    group = rng.choice(NUM_ITEMS // 4, size=NUM_BASKETS, p=popularity / popularity.sum())
    drawn = np.zeros((NUM_BASKETS, NUM_ITEMS), dtype=np.float32)
    for basket in range(NUM_BASKETS):
        of_group = 4 * group[basket] + rng.choice(4, size=3, replace=False)
        drawn[basket, of_group] = 1
        drawn[basket, 4 * rng.choice(NUM_ITEMS // 4, size=2, p=popularity / popularity.sum())] = 1
    return drawn


def large(baskets: NDArray[np.float32], *, num_head: int) -> Ease:
    ease = fit_ease(purchases(baskets), ridge=0.5, size_power=0.5, max_exact=0, num_head=num_head)
    assert isinstance(ease, LargeEase)
    return ease


def exact(baskets: NDArray[np.float32]) -> NDArray[np.float32]:
    ease = fit_ease(purchases(baskets), ridge=0.5, size_power=0.5)
    assert isinstance(ease, ExactEase)
    return ease.weights


def weights(ease: Ease, num_items: int) -> NDArray[np.float32]:
    """B, read off as the scores of carts of one item."""
    return ease.score_rows(csr_matrix(np.eye(num_items, dtype=np.float32)))


@pytest.mark.parametrize("num_head", [NUM_ITEMS, NUM_ITEMS + 50])
def test_with_all_items_in_the_head_it_is_exact(baskets: NDArray[np.float32], num_head: int) -> None:
    expected = exact(baskets)

    ease = large(baskets, num_head=num_head)

    assert weights(ease, NUM_ITEMS) == pytest.approx(expected, abs=1e-5)


def test_one_tail_item_is_exact_where_it_shares_baskets(baskets: NDArray[np.float32]) -> None:
    expected = exact(baskets)

    found = weights(large(baskets, num_head=NUM_ITEMS - 1), NUM_ITEMS)

    # Nothing is left out of one item's block; only places without a shared basket are.
    kept = found != 0
    assert kept.sum() > 0.5 * NUM_ITEMS**2
    assert found[kept] == pytest.approx(expected[kept], abs=1e-4)


@pytest.mark.parametrize("num_head", [20, 60])
def test_a_short_head_is_close_to_exact(baskets: NDArray[np.float32], num_head: int) -> None:
    expected = exact(baskets)

    found = weights(large(baskets, num_head=num_head), NUM_ITEMS)

    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9
    # The three strongest partners of every item are the rest of its group, as they are exactly.
    groups = np.sort(np.argsort(-found, axis=1)[:, :3] // 4, axis=1)
    assert (groups == np.arange(NUM_ITEMS)[:, np.newaxis] // 4).mean() > 0.95


def test_a_tail_that_shares_all_its_baskets_stays_finite() -> None:
    # Ten tail items in every one of the same baskets: their diagonal alone is far below their block.
    together = np.zeros((60, 14), dtype=np.float32)
    together[:20, :14] = 1
    together[20:, :4] = 1

    parts = fit_head_and_tail(csr_matrix(together), np.ones(60), shift=0.01, num_head=4)

    assert parts.head.tolist() == [0, 1, 2, 3]
    assert np.isfinite(parts.among_head).all()
    assert np.isfinite(parts.others.data).all()
    assert np.abs(parts.others.data).max() < 2


def test_top_merges_both_parts(baskets: NDArray[np.float32]) -> None:
    ease = large(baskets, num_head=30)
    all_weights = weights(ease, NUM_ITEMS)

    top = ease.top(5).toarray()

    fifth = np.sort(all_weights, axis=1)[:, [-5]]
    assert top == pytest.approx(np.where((all_weights >= fifth) & (all_weights > 0), all_weights, 0))


def test_items_that_nobody_bought_score_nothing() -> None:
    nobody = np.concatenate([BASKETS, np.zeros((5, 3), dtype=np.float32)], axis=1)

    found = weights(large(nobody, num_head=2), 7)

    assert np.isfinite(found).all()
    assert (found[4:] == 0).all()


def test_no_baskets_give_finite_scores() -> None:
    empty = np.zeros((0, 5), dtype=np.float32)

    assert weights(large(empty, num_head=2), 5).tolist() == np.zeros((5, 5)).tolist()
