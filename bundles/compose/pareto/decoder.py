"""Decode random keys into sets that satisfy the constraints, many at once (Bean 1994).

Items are added by descending key, as far as the constraints allow. Random keys give random sets. Keys that
put the items of a set above all others give that set if it satisfies the constraints, else a similar one that
does: the repair operator of the search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundles.compose.partial import PriceBounds
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints


class SetDecoder:
    """Decodes keys into sets of the candidates of one request."""

    def __init__(self, shortlist: Shortlist, constraints: BundleConstraints) -> None:
        self._constraints, self._num_fixed, self._conflicts = (
            constraints,
            shortlist.num_fixed,
            shortlist.is_conflict,
        )
        self._sums = np.stack([shortlist.offer, shortlist.cost])
        self._price_bounds = PriceBounds(shortlist, constraints)
        roots = np.unique(shortlist.root[shortlist.root >= 0])
        # The last column is for items without a category; it never counts.
        self._num_roots = len(roots)
        place = np.searchsorted(roots, shortlist.root)
        self._root_place = np.where(shortlist.root >= 0, place, len(roots))

    def decode(self, keys: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """One set a row, [N, P]: the fixed items, and the items of greatest key that may be added.

        A set grows beyond its size while it violates a constraint, and stays smaller if nothing may be added.
        It may still violate a constraint: check with `bundles.compose.sets.satisfies`.

        Args:
            keys: Priority of each candidate, [N, P].
            sizes: Number of items of each set, [N].
        """
        partial = self._fixed(len(keys))
        rows = np.arange(len(keys))
        for size in range(self._num_fixed + 1, self._constraints.size_max + 1):
            may_join = ~partial.is_closed & self._is_feasible(partial, size)
            best = np.where(may_join, keys, -np.inf).argmax(axis=1)
            grows = may_join[rows, best] & ((size <= sizes) | self._is_incomplete(partial, size))
            row, item = rows[grows], best[grows]
            partial.members[row, item] = True
            partial.is_closed[row] |= self._conflicts[item]
            partial.is_closed[row, item] = True
            partial.sums[:, row] += self._sums[:, item]
            partial.has_root[row, self._root_place[item]] = True
        return partial.members

    def _fixed(self, count: int) -> _PartialSets:
        is_fixed = np.arange(self._sums.shape[1]) < self._num_fixed
        has_root = np.zeros(self._num_roots + 1, dtype=np.bool_)
        has_root[self._root_place[is_fixed]] = True
        is_closed = is_fixed | self._conflicts[is_fixed].any(axis=0)
        sums = self._sums[:, is_fixed].sum(axis=1, keepdims=True)
        return _PartialSets(
            members=np.tile(is_fixed, (count, 1)),
            is_closed=np.tile(is_closed, (count, 1)),
            has_root=np.tile(has_root, (count, 1)),
            sums=np.tile(sums, count),
        )

    def _is_feasible(self, partial: _PartialSets, size: int) -> NDArray[np.bool_]:
        """Whether a set with a candidate added, of `size` items, may meet the limits, [N, P] or broadcast."""
        constraints, (offers, costs) = self._constraints, partial.sums[:, :, None] + self._sums[:, None, :]
        is_feasible = self._price_bounds.is_feasible(offers, costs, size=size)
        if constraints.min_categories > 1:
            is_new = ~partial.has_root[:, self._root_place] & (self._root_place < self._num_roots)
            most = partial.num_roots[:, None] + is_new + constraints.size_max - size
            is_feasible = is_feasible & (most >= constraints.min_categories)
        return is_feasible

    def _is_incomplete(self, partial: _PartialSets, size: int) -> NDArray[np.bool_]:
        """Which sets, of fewer items than `size`, violate a constraint as they are, [N]."""
        constraints, (offers, costs) = self._constraints, partial.sums
        offers = constraints.discount.offers(offers, costs)
        is_incomplete = (size <= constraints.size_min) | constraints.discount.breaks_floor(offers, costs)
        if constraints.price_min is not None:
            is_incomplete = is_incomplete | (offers < constraints.price_min)
        return is_incomplete | (
            (constraints.min_categories > 1) & (partial.num_roots < constraints.min_categories)
        )


@dataclass(frozen=True)
class _PartialSets:
    """N sets under construction; the arrays are modified in place."""

    members: NDArray[np.bool_]
    """[N, P]"""
    is_closed: NDArray[np.bool_]
    """Candidates that must not be added, [N, P]."""
    has_root: NDArray[np.bool_]
    """Which level-0 categories they have, [N, R + 1]; the last column is for items without one."""
    sums: NDArray[np.float64]
    """Sums of item offers and of costs, [2, N]; NaN where one is unknown."""

    @property
    def num_roots(self) -> NDArray[np.int64]:
        """Distinct level-0 categories, [N]."""
        return np.asarray(self.has_root[:, :-1].sum(axis=1), dtype=np.int64)
