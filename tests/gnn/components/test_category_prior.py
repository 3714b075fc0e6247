from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.category_prior import (
    MIN_PAIRS,
    CategoryCounts,
    CategoryPrior,
    CategoryVectors,
    LaterPairs,
    fit_prior,
    later_pairs,
)


def planted(num_pairs: int, *, rng: np.random.Generator) -> LaterPairs:
    """Lifts drawn from Gamma of mean exp(.5 + g) and shape 4; 2 baskets expected before, 3 later."""
    affinity = rng.normal(size=num_pairs)
    lift = rng.gamma(4.0, np.exp(0.5 + affinity) / 4.0)
    before, later = np.full(num_pairs, 2.0), np.full(num_pairs, 3.0)
    return LaterPairs(
        rng.poisson(before * lift).astype(float),
        before,
        affinity,
        rng.poisson(later * lift).astype(float),
        later,
    )


def one(value: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([value])


def test_a_lift_is_the_count_and_the_prior_weighted_by_expected_baskets() -> None:
    prior = CategoryPrior(intercept=np.log(2.0), slope=0.5, log_shape=np.log(3.0))

    lift = prior.lift(one(8.0), one(4.0), one(2.0))

    mean = 2.0 * np.exp(0.5 * 2.0)
    assert lift[0] == pytest.approx((8 + 3) / (4 + 3 / mean))


def test_two_categories_without_expected_baskets_have_the_lift_of_the_prior() -> None:
    prior = CategoryPrior(intercept=0.0, slope=1.0, log_shape=0.0)

    assert prior.lift(one(0.0), one(0.0), one(1.5))[0] == pytest.approx(np.exp(1.5))


def test_with_many_baskets_counts_decide() -> None:
    prior = CategoryPrior(intercept=0.0, slope=1.0, log_shape=0.0)

    assert prior.lift(one(30_000.0), one(10_000.0), one(-5.0))[0] == pytest.approx(3.0, rel=0.02)


def test_fitting_finds_the_parameters_that_the_counts_were_drawn_from() -> None:
    prior = fit_prior(planted(20_000, rng=np.random.default_rng(0)))

    assert prior is not None
    assert prior.intercept == pytest.approx(0.5, abs=0.05)
    assert prior.slope == pytest.approx(1.0, abs=0.05)
    assert prior.log_shape == pytest.approx(np.log(4.0), abs=0.15)


def test_an_unrelated_affinity_has_no_weight() -> None:
    rng = np.random.default_rng(0)
    pairs = planted(20_000, rng=rng)

    prior = fit_prior(replace(pairs, affinity=rng.permutation(pairs.affinity)))

    assert prior is not None
    assert prior.slope == pytest.approx(0.0, abs=0.05)


def test_nothing_is_fitted_to_too_few_pairs() -> None:
    pairs = planted(MIN_PAIRS - 1, rng=np.random.default_rng(0))

    assert fit_prior(pairs) is None


def test_a_pair_counts_once_and_only_where_both_were_bought_later() -> None:
    before = CategoryCounts(np.array([4.0, 2.0, 2.0]), csr_matrix([[0, 2, 1], [2, 0, 0], [1, 0, 0]]), 8)
    later = CategoryCounts(np.array([3.0, 2.0, 0.0]), csr_matrix([[0, 1, 0], [1, 0, 0], [0, 0, 0]]), 4)
    vectors = CategoryVectors(np.ones((3, 1), np.float32), np.array([[1.0], [3.0], [5.0]], np.float32))

    pairs = later_pairs(before, vectors, later)

    assert pairs.together.tolist() == [2]
    assert pairs.expected.tolist() == [4 * 2 / 8]
    assert pairs.affinity.tolist() == [(3 + 1) / 2]
    assert (pairs.later.tolist(), pairs.later_expected.tolist()) == ([1], [3 * 2 / 4])
