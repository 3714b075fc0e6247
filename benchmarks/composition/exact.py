"""The best set of all by integer programming, to measure beam search by where candidates are few.

Binary x_i is 1 where candidate i is in the set. For each size k, number of level-0 categories r and number of
pairs across them b, the score of `bundles.compose.objectives` is linear in x, y_ij = x_i x_j and the weakest
link t:

    maximise  w_c (Σ l_ij y_ij / (k(k-1)/2) + t) / 2 + w_f Σ f_i x_i / (k - fixed) + w_b s Σ g_ij y_ij / b
    where     y_ij ≤ x_i,  y_ij ≤ x_j,  Σ_j y_ij = (k - 1) x_i      (Sherali & Adams 1990: at a fixed size
              tighter than McCormick's y_ij ≥ x_i + x_j - 1, and for whole x the same)
              t ≤ l_ij + 1 - y_ij
              t ≤ Σ_j l_ij y_ij / (k - 1) + 1 - x_i  (a cut: no more than the mean of an item's pairs)
              s = (r - 1) / (size.max - 1)
              Σ x = k,  Σ z = r,  z_c ≤ Σ_{i in c} x_i,  z_c ≥ x_i,  Σ_{g_ij > 0} y_ij = b

HiGHS (Huangfu & Hall 2018) by SciPy solves each; the best of them is the best set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, coo_array, csr_array, hstack, vstack

from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints
from bundles.request.schemas import Weights


@dataclass(frozen=True)
class BestSet:
    """A set of the greatest score."""

    members: NDArray[np.bool_]
    """[P]"""
    score: float


def best_set(shortlist: Shortlist, constraints: BundleConstraints, *, weights: Weights) -> BestSet | None:
    """The best set of the candidates that satisfies `constraints`; none where there is none.

    Raises:
        ValueError: If margin or discount weigh: as shares of the price they are not linear.
    """
    if weights.margin or weights.discount:
        raise ValueError("expected weights of margin and discount to be 0: neither is linear")
    problem = _Problem(shortlist, constraints, weights)
    solved = [
        problem.solve(size, num_roots, num_category_pairs)
        for size in range(max(constraints.size_min, shortlist.num_fixed, 2), constraints.size_max + 1)
        for num_roots, num_category_pairs in sorted(set(_shapes(size, int((shortlist.root < 0).sum()))))
        if num_roots >= constraints.min_categories or constraints.min_categories <= 1
    ]
    return max((found for found in solved if found is not None), key=lambda found: found.score, default=None)


def _shapes(size: int, num_without: int) -> Iterator[tuple[int, int]]:
    """Categories of a set of `size` items, up to `num_without` without one, and the pairs across them."""
    for known in range(max(size - num_without, 0), size + 1):
        for parts in _partitions(known, known):
            yield len(parts), (known**2 - sum(part**2 for part in parts)) // 2


def _partitions(total: int, largest: int) -> Iterator[tuple[int, ...]]:
    if not total:
        yield ()
    for part in range(min(total, largest), 0, -1):
        for rest in _partitions(total - part, part):
            yield (part, *rest)


class _Problem:
    """The constraints that all sizes and shapes share. Columns: x [P], y [pairs], z [roots], t."""

    def __init__(self, shortlist: Shortlist, constraints: BundleConstraints, weights: Weights) -> None:
        self._shortlist, self._bundle_constraints, self._weights = shortlist, constraints, weights
        self._num_items = len(shortlist.items)
        self._one, self._other = np.triu_indices(self._num_items, 1)
        self._roots = np.unique(shortlist.root[shortlist.root >= 0])
        self._links = shortlist.links[self._one, self._other]
        self._category_strength = shortlist.category_strength[self._one, self._other]
        self._num_columns = self._num_items + len(self._links) + len(self._roots) + 1
        self._constraints = [self._products(), self._weakest(), *self._categories(), *self._prices()]

    def solve(self, size: int, num_roots: int, num_category_pairs: int) -> BestSet | None:
        """The best set of a size and shape."""
        weights, shortlist = self._weights, self._shortlist
        spread = max(num_roots - 1, 0) / (self._bundle_constraints.size_max - 1)
        is_added = np.arange(self._num_items) >= shortlist.num_fixed
        gain = np.concatenate(
            [
                weights.user_fit * shortlist.user_fit * is_added / max(size - shortlist.num_fixed, 1),
                weights.coherence * self._links / (size * (size - 1))
                + weights.breadth * spread * self._category_strength / max(num_category_pairs, 1),
                np.zeros(len(self._roots)),
                [weights.coherence / 2],
            ]
        )
        counts = [size, num_category_pairs, num_roots]
        shape = LinearConstraint(self._counts(), counts, counts)
        least = np.zeros(self._num_columns)
        least[: shortlist.num_fixed] = 1
        is_whole = np.zeros(self._num_columns, dtype=np.int64)
        is_whole[: self._num_items] = 1
        found = milp(
            -gain,
            integrality=is_whole,
            bounds=Bounds(least, self._most()),
            constraints=[*self._constraints, *self._of_size(size), shape],
        )
        if found.x is None:
            return None
        total = weights.coherence + weights.user_fit + weights.breadth
        return BestSet(found.x[: self._num_items] > 0.5, -float(found.fun) / total)

    def _most(self) -> NDArray[np.float64]:
        """0 for pairs that must be apart, and for items without price under a limit."""
        apart = self._shortlist.is_conflict[self._one, self._other]
        has_no_price = np.isnan(self._shortlist.offer) & self._bundle_constraints.has_price_limit
        ends = np.ones(len(self._roots) + 1)
        return np.concatenate([(~has_no_price).astype(float), (~apart).astype(float), ends])

    def _counts(self) -> csr_array:
        """Items, pairs of two categories, and categories of the set: a row each."""
        parts = [np.ones(self._num_items), self._category_strength > 0, np.ones(len(self._roots))]
        return csr_array(hstack([block_diag([part[None, :] for part in parts]), csr_array((3, 1))]))

    def _products(self) -> LinearConstraint:
        """At most one of a pair where one of its items is not in: y ≤ x."""
        num_pairs = len(self._links)
        pair = np.arange(num_pairs)
        y = self._sparse(np.ones(num_pairs), pair, self._num_items + pair, num_pairs)
        one, other = (
            self._sparse(np.ones(num_pairs), pair, place, num_pairs) for place in (self._one, self._other)
        )
        return LinearConstraint(vstack([y - one, y - other]), ub=0.0)

    def _of_size(self, size: int) -> list[LinearConstraint]:
        """Σ_j y_ij = (size - 1) x_i, and the cut."""
        item, pair = np.arange(self._num_items), self._num_items + np.arange(len(self._links))
        ends, columns = np.concatenate([self._one, self._other]), np.concatenate([pair, pair])
        x = self._sparse(np.ones(self._num_items), item, item, self._num_items)
        partners = self._sparse(np.ones(len(ends)), ends, columns, self._num_items)
        links = self._sparse(np.tile(self._links, 2) / (size - 1), ends, columns, self._num_items)
        last = np.full(self._num_items, self._num_columns - 1)
        weakest = self._sparse(np.ones(self._num_items), item, last, self._num_items)
        return [
            LinearConstraint(partners - (size - 1) * x, 0.0, 0.0),
            LinearConstraint(weakest + x - links, ub=1.0),
        ]

    def _weakest(self) -> LinearConstraint:
        """No link of the set is below the weakest: t ≤ l + 1 - y."""
        num_pairs = len(self._links)
        pair = np.arange(num_pairs)
        y = self._sparse(np.ones(num_pairs), pair, self._num_items + pair, num_pairs)
        t = self._sparse(np.ones(num_pairs), pair, np.full(num_pairs, self._num_columns - 1), num_pairs)
        return LinearConstraint(y + t, ub=1 + self._links)

    def _categories(self) -> list[LinearConstraint]:
        """z_c = 1 where an item of c is in the set, else 0."""
        if not len(self._roots):
            return []
        item = np.flatnonzero(self._shortlist.root >= 0)
        root = np.searchsorted(self._roots, self._shortlist.root[item])
        first = self._num_items + len(self._links)
        count, num_roots = len(item), len(self._roots)
        each = self._sparse(np.ones(count), np.arange(count), item, count)
        its_root = self._sparse(np.ones(count), np.arange(count), first + root, count)
        held = self._sparse(np.ones(count), root, item, num_roots)
        roots = self._sparse(
            np.ones(num_roots), np.arange(num_roots), first + np.arange(num_roots), num_roots
        )
        return [LinearConstraint(each - its_root, ub=0.0), LinearConstraint(roots - held, ub=0.0)]

    def _prices(self) -> list[LinearConstraint]:
        if not self._bundle_constraints.has_price_limit:
            return []
        offer = csr_array(np.nan_to_num(self._shortlist.offer)[None, :])
        rest = csr_array((1, self._num_columns - self._num_items))
        least, most = self._bundle_constraints.price_min, self._bundle_constraints.price_max
        return [
            LinearConstraint(
                hstack([offer, rest]),
                lb=-np.inf if least is None else least,
                ub=np.inf if most is None else most,
            )
        ]

    def _sparse(
        self,
        values: NDArray[np.float64],
        row: NDArray[np.int64],
        column: NDArray[np.int64],
        num_rows: int,
    ) -> csr_array:
        return coo_array((values, (row, column)), shape=(num_rows, self._num_columns)).tocsr()
