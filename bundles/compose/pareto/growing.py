"""Sets grown item by item, as wishes say, within the rules: many at once.

What makes a random wish into a random set makes a set that breaks a rule into one near it that does not, and
leaves one that satisfies the rules as it is: the repair operator of the search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundles.compose.price_reach import PriceReach
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import Rules


class SetGrower:
    """Grows sets of the candidates of one request."""

    def __init__(self, shortlist: Shortlist, rules: Rules) -> None:
        self._rules, self._num_fixed, self._is_apart = rules, shortlist.num_fixed, shortlist.is_apart
        self._sums = np.stack([shortlist.offer, shortlist.cost])
        self._reach = PriceReach(shortlist, rules)
        roots = np.unique(shortlist.root[shortlist.root >= 0])
        # The last column is for items without a category: it never counts.
        self._num_roots = len(roots)
        place = np.searchsorted(roots, shortlist.root)
        self._root_place = np.where(shortlist.root >= 0, place, len(roots))

    def grow(self, wishes: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """A set a row, [N, P]: the fixed items, and those most wished for that may still join.

        A row grows to its size; beyond it where it lacks what the rules ask for; less where nothing may join.
        That it satisfies the rules is likely, not certain: `bundles.compose.sets.satisfies` has the last word.

        Args:
            wishes: How much each candidate is wished for, [N, P].
            sizes: How many items each set should have, [N].
        """
        grown = self._fixed(len(wishes))
        rows = np.arange(len(wishes))
        for size in range(self._num_fixed + 1, self._rules.size_max + 1):
            may_join = ~grown.is_closed & self._leads_on(grown, size)
            best = np.where(may_join, wishes, -np.inf).argmax(axis=1)
            grows = may_join[rows, best] & ((size <= sizes) | self._lacks(grown, size))
            row, item = rows[grows], best[grows]
            grown.members[row, item] = True
            grown.is_closed[row] |= self._is_apart[item]
            grown.is_closed[row, item] = True
            grown.sums[:, row] += self._sums[:, item]
            grown.has_root[row, self._root_place[item]] = True
        return grown.members

    def _fixed(self, count: int) -> _Grown:
        is_fixed = np.arange(self._sums.shape[1]) < self._num_fixed
        has_root = np.zeros(self._num_roots + 1, dtype=np.bool_)
        has_root[self._root_place[is_fixed]] = True
        is_closed = is_fixed | self._is_apart[is_fixed].any(axis=0)
        sums = self._sums[:, is_fixed].sum(axis=1, keepdims=True)
        return _Grown(
            members=np.tile(is_fixed, (count, 1)),
            is_closed=np.tile(is_closed, (count, 1)),
            has_root=np.tile(has_root, (count, 1)),
            sums=np.tile(sums, count),
        )

    def _leads_on(self, grown: _Grown, size: int) -> NDArray[np.bool_]:
        """Whether a set that a candidate brings to `size` can still meet the limits, [N, P] or broadcast."""
        rules, (offers, costs) = self._rules, grown.sums[:, :, None] + self._sums[:, None, :]
        leads_on = self._reach.within(offers, costs, size=size)
        if rules.min_categories > 1:
            is_new = ~grown.has_root[:, self._root_place] & (self._root_place < self._num_roots)
            most = grown.num_roots[:, None] + is_new + rules.size_max - size
            leads_on = leads_on & (most >= rules.min_categories)
        return leads_on

    def _lacks(self, grown: _Grown, size: int) -> NDArray[np.bool_]:
        """Which sets, of fewer items than `size`, do not satisfy the rules yet, [N]."""
        rules, (offers, costs) = self._rules, grown.sums
        offers = rules.discount.offers(offers, costs)
        lacks = (size <= rules.size_min) | rules.discount.breaks_floor(offers, costs)
        if rules.price_min is not None:
            lacks = lacks | (offers < rules.price_min)
        return lacks | ((rules.min_categories > 1) & (grown.num_roots < rules.min_categories))


@dataclass(frozen=True)
class _Grown:
    """N sets on their way; the arrays are written to."""

    members: NDArray[np.bool_]
    """[N, P]"""
    is_closed: NDArray[np.bool_]
    """Candidates that may not join, [N, P]."""
    has_root: NDArray[np.bool_]
    """Which level-0 categories they have, [N, R + 1]."""
    sums: NDArray[np.float64]
    """Of item offers and of costs, [2, N]; NaN where one is not known."""

    @property
    def num_roots(self) -> NDArray[np.int64]:
        """Distinct level-0 categories, [N]."""
        return np.asarray(self.has_root[:, :-1].sum(axis=1), dtype=np.int64)
