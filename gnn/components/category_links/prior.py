"""The lift of two categories from counts of baskets and a prior by the network's vectors.

Of N baskets, n_a, n_b and n_ab hold category a, b and both; E = n_a n_b / N are expected by chance. Let g be
the affinity of `gnn.components.category_links.evidence.CategoryVectors`:

    μ(a, b)     = exp(β₀ + β₁ g(a, b))          the lift that the network predicts
    lift(a, b)  = (n_ab + κ) / (E + κ / μ)

That is the posterior mean where n_ab is Poisson of mean lift · E, and lift is Gamma of mean μ and shape κ
(DuMouchel 1999, there with one μ for all): with many baskets the counts decide, with few the prior. The three
parameters maximise the likelihood of counts of later baskets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from gnn.components.category_links.evidence import CategoryCounts, CategoryVectors

#: Pairs of categories in later baskets below which nothing is fitted.
MIN_PAIRS = 50

#: The most bought categories, whose pairs are fitted: half a million pairs are enough for three parameters.
MAX_CATEGORIES = 1_000

#: Logarithms are clipped to ± this, so that nothing overflows while the optimiser searches.
_MAX_LOG = 8.0


@dataclass(frozen=True)
class LaterPairs:
    """Pairs of categories, each once, with earlier counts and later ones; all fields are [P]."""

    together: NDArray[np.float64]
    """n_ab"""
    expected: NDArray[np.float64]
    """E"""
    affinity: NDArray[np.float64]
    """g"""
    later: NDArray[np.float64]
    """Later baskets that hold both."""
    later_expected: NDArray[np.float64]
    """Later baskets that would hold both by chance."""


@dataclass(frozen=True)
class CategoryPrior:
    """The three parameters."""

    intercept: float
    """β₀"""
    slope: float
    """β₁"""
    log_shape: float
    """log κ"""

    def lift(
        self, together: NDArray[np.float64], expected: NDArray[np.float64], affinity: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The formula above, for arrays of one shape."""
        mean = np.exp(np.clip(self.intercept + self.slope * affinity, -_MAX_LOG, _MAX_LOG))
        shape = np.exp(np.clip(self.log_shape, -_MAX_LOG, _MAX_LOG))
        return np.asarray((together + shape) / (expected + shape / mean))


def later_pairs(counts: CategoryCounts, vectors: CategoryVectors, later: CategoryCounts) -> LaterPairs:
    """Pairs of the categories that are bought most in `later`, `counts` being the earlier ones."""
    most = np.argsort(-later.alone, kind="stable")[:MAX_CATEGORIES]
    chosen = np.sort(most[later.alone[most] > 0])
    upper = np.triu_indices(len(chosen), 1)

    def pairs(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[:, chosen][upper]

    return LaterPairs(
        together=pairs(counts.together[chosen].toarray()),
        expected=pairs(counts.expected(chosen)),
        affinity=pairs(vectors.affinity(chosen)),
        later=pairs(later.together[chosen].toarray()),
        later_expected=pairs(later.expected(chosen)),
    )


def fit_prior(pairs: LaterPairs) -> CategoryPrior | None:
    """The prior under which later counts are likeliest; none where fewer than `MIN_PAIRS` pairs met.

    Maximises Σ y log λ − λ with λ = lift · E of the later baskets.
    """
    if (pairs.later > 0).sum() < MIN_PAIRS:
        return None

    def loss(values: NDArray[np.float64]) -> float:
        mean = pairs.later_expected * CategoryPrior(*values).lift(
            pairs.together, pairs.expected, pairs.affinity
        )
        return float((mean - pairs.later * np.log(mean)).mean())

    return CategoryPrior(*map(float, minimize(loss, np.zeros(3), method="BFGS").x))
