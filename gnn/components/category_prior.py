"""The lift of two categories from counts of baskets and a prior by the network's vectors.

Of N baskets, n_a, n_b and n_ab hold category a, b and both; E = n_a n_b / N are expected by chance. Let g be
the affinity of `gnn.components.category_prior.CategoryVectors`:

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
from scipy.sparse import csr_matrix, diags_array

from gnn.data.purchases import Purchases
from gnn.network.task import LearnedLinks


@dataclass(frozen=True)
class CategoryCounts:
    """Baskets that hold each of C categories; a category is that of an item itself, not one above it."""

    alone: NDArray[np.float64]
    """Baskets that hold each, [C]."""
    together: csr_matrix
    """Baskets that hold both, in both directions, [C, C]; nothing on the diagonal."""
    num_baskets: int

    def expected(self, rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """Baskets that would hold both by chance, n_a n_b / N, [len(rows), C]; 0 without baskets."""
        return np.outer(self.alone[rows], self.alone) / max(self.num_baskets, 1)

    def after(self, earlier: CategoryCounts) -> CategoryCounts:
        """Counts of the baskets after those of `earlier`, which are among these."""
        together = csr_matrix(self.together - earlier.together)
        together.eliminate_zeros()
        return CategoryCounts(self.alone - earlier.alone, together, self.num_baskets - earlier.num_baskets)


@dataclass(frozen=True)
class CategoryVectors:
    """Means of the vectors of each category's items (`gnn.network.encoder`)."""

    source: NDArray[np.float32]
    """[C, d]; d = 0 where there is no network."""
    target: NDArray[np.float32]
    """[C, d]"""

    def affinity(self, rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """(source_a · target_b + source_b · target_a) / 2 of `rows` with all, [len(rows), C]."""
        forth, back = self.source[rows] @ self.target.T, self.target[rows] @ self.source.T
        return np.asarray((forth + back) / 2, dtype=np.float64)


def linked_categories(category: NDArray[np.integer], ranked: NDArray[np.integer]) -> NDArray[np.int64]:
    """The categories of `ranked` items (item indices), ascending; others have few counts and no vectors.

    `category` is that of each item, -1 for none, [num_items].
    """
    found = np.unique(category[ranked])
    return found[found >= 0].astype(np.int64)


def count_categories(
    purchases: Purchases, category: NDArray[np.integer], categories: NDArray[np.integer]
) -> CategoryCounts:
    """Count `categories` (ascending) in the baskets of `purchases`, whose columns are item indices.

    `category` is that of each item, -1 for none, [num_items].
    """
    items = np.flatnonzero(np.isin(category, categories))
    places = items, np.searchsorted(categories, category[items])
    holds = csr_matrix((np.ones(len(items)), places), shape=(len(category), len(categories)))
    baskets = csr_matrix(purchases.lines @ holds).sign()
    together = csr_matrix(baskets.T @ baskets)
    alone = together.diagonal()
    together = csr_matrix(together - diags_array(alone))
    together.eliminate_zeros()
    return CategoryCounts(alone, together, baskets.shape[0])


def category_vectors(
    links: LearnedLinks, category: NDArray[np.integer], categories: NDArray[np.integer]
) -> CategoryVectors:
    """Vectors of `categories` (ascending, each has a ranked item); `category` is [num_ranked]."""
    items = np.flatnonzero(np.isin(category, categories))
    of = np.searchsorted(categories, category[items])
    share = (1 / np.bincount(of, minlength=len(categories)))[of].astype(np.float32)
    mean = csr_matrix((share, (of, items)), shape=(len(categories), len(category)))
    return CategoryVectors(mean @ links.source, mean @ links.target)


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
