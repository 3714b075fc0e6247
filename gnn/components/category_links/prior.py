"""How what the network says of two categories joins what was counted of them.

Of N baskets, n_a, n_b and n_ab hold category a, b and both; E = n_a n_b / N are expected by chance. Let g be
the affinity of `gnn.components.category_links.vectors`:

    μ(a, b)     = exp(β₀ + β₁ g(a, b))          the network's guess at the lift
    lift(a, b)  = (n_ab + κ) / (E + κ / μ)

That is the posterior mean where n_ab is Poisson of mean lift · E, and lift is Gamma of mean μ and shape κ
(DuMouchel 1999, there with one μ for all): many baskets speak for themselves, few lean on the guess. The
three numbers are those under which counts of later baskets are likeliest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from gnn.components.category_links.counts import CategoryCounts
from gnn.components.category_links.vectors import CategoryVectors

#: Pairs of categories met in later baskets, under which nothing is fitted.
MIN_PAIRS = 50

#: Categories whose pairs are looked at, the most bought: half a million pairs teach three numbers enough.
MAX_CATEGORIES = 1_000

#: Logarithms are kept within it, so that no guess overflows while the numbers are sought.
_LARGEST_LOG = 8.0


@dataclass(frozen=True)
class LaterPairs:
    """Pairs of categories, each once: what was known of them, and how often later baskets held both."""

    together: NDArray[np.float64]
    """n_ab, as all [P]."""
    expected: NDArray[np.float64]
    """E"""
    affinity: NDArray[np.float64]
    """g"""
    later: NDArray[np.float64]
    """Later baskets that held both."""
    later_expected: NDArray[np.float64]
    """As many by chance."""


@dataclass(frozen=True)
class CategoryPrior:
    """The three numbers."""

    intercept: float
    """β₀"""
    slope: float
    """β₁"""
    log_shape: float
    """log κ"""

    def lift(
        self, together: NDArray[np.float64], expected: NDArray[np.float64], affinity: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The formula above, arrays of one shape."""
        guess = np.exp(np.clip(self.intercept + self.slope * affinity, -_LARGEST_LOG, _LARGEST_LOG))
        shape = np.exp(np.clip(self.log_shape, -_LARGEST_LOG, _LARGEST_LOG))
        return np.asarray((together + shape) / (expected + shape / guess))


def later_pairs(counts: CategoryCounts, vectors: CategoryVectors, later: CategoryCounts) -> LaterPairs:
    """Pairs of the categories in `later` that are bought most there, with what was known in `counts`."""
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
    """The numbers under which the later counts are likeliest; none where under `MIN_PAIRS` pairs met.

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
