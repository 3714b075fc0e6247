"""Sets that grow by one item at a time, and what each candidate would bring to each of them.

Kept as running sums, so that one step of a search with W sets and P candidates reads and writes a dozen
arrays of W · P numbers and multiplies no matrices: 12 · 8 · W · P bytes, 1 MB at W = 60 and P = 150.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundles.compose.objectives import SetTotals
from bundles.compose.shortlist import Shortlist
from bundles.present.discounts import DiscountPolicy


@dataclass(frozen=True)
class States:
    """W sets of one size."""

    size: int
    members: NDArray[np.bool_]
    """[W, P]"""
    is_closed: NDArray[np.bool_]
    """Candidates that are in the set, or must not be with one of its items, [W, P]."""
    pair_sums: NDArray[np.float64]
    """Within the set, of links, of bridges and of ones where there is a bridge, [3, W]."""
    pairs_to: NDArray[np.float64]
    """The same between the set and each candidate, [3, W, P]."""
    weakest: NDArray[np.float64]
    """Least link within the set, +∞ for one item, [W]."""
    weakest_to: NDArray[np.float64]
    """Least link between the set and each candidate, [W, P]."""
    column_sums: NDArray[np.float64]
    """Of fit, list price, offer and cost, [4, W]; NaN where one of its items has none."""
    has_root: NDArray[np.bool_]
    """Which level-0 categories the set has, [W, R + 1]; the last is that of items without one."""

    def __len__(self) -> int:
        return len(self.members)


class SetGrowth:
    """Makes and grows sets of one shortlist."""

    def __init__(self, shortlist: Shortlist, discount: DiscountPolicy) -> None:
        """`discount` is what a set costs less than its items."""
        self._shortlist, self._discount = shortlist, discount
        self._pairs = np.stack([shortlist.links, shortlist.bridges, shortlist.bridges > 0])
        is_added = np.arange(len(shortlist.items)) >= shortlist.num_fixed
        fit = np.where(is_added, shortlist.user_fit, 0.0)
        self._columns = np.stack([fit, shortlist.price, shortlist.offer, shortlist.cost])
        roots = np.unique(shortlist.root[shortlist.root >= 0])
        place = np.searchsorted(roots, shortlist.root)
        self._root_place = np.where(shortlist.root >= 0, place, len(roots))
        self._num_roots = len(roots)

    def start(self) -> States:
        """The fixed items as one set; where nothing is fixed, each candidate as one."""
        num_fixed = self._shortlist.num_fixed
        if not num_fixed:
            return self._singles(np.arange(len(self._shortlist.items)))
        states, only = self._singles(np.zeros(1, dtype=np.int64)), np.zeros(1, dtype=np.int64)
        for place in range(1, num_fixed):
            states = self.grow(states, only, np.array([place]))
        return states

    def grow(self, states: States, state: NDArray[np.int64], added: NDArray[np.int64]) -> States:
        """The sets `state` (rows of `states`) each with the candidate `added`, arrays of shape [K]."""
        shortlist = self._shortlist
        members = states.members[state]
        members[np.arange(len(state)), added] = True
        is_closed = states.is_closed[state] | shortlist.is_apart[added]
        is_closed[np.arange(len(state)), added] = True
        has_root = states.has_root[state]
        has_root[np.arange(len(state)), self._root_place[added]] = True
        return States(
            size=states.size + 1,
            members=members,
            is_closed=is_closed,
            pair_sums=states.pair_sums[:, state] + states.pairs_to[:, state, added],
            pairs_to=states.pairs_to[:, state] + self._pairs[:, added],
            weakest=np.minimum(states.weakest[state], states.weakest_to[state, added]),
            weakest_to=np.minimum(states.weakest_to[state], shortlist.links[added]),
            column_sums=states.column_sums[:, state] + self._columns[:, added],
            has_root=has_root,
        )

    def grown_totals(self, states: States) -> SetTotals:
        """Sums of each set with each candidate added, arrays of shape [W, P]."""
        fit, list_price, offer, cost = states.column_sums[:, :, None] + self._columns[:, None, :]
        links, bridges, num_bridges = states.pair_sums[:, :, None] + states.pairs_to
        num_roots = states.has_root[:, :-1].sum(axis=1)[:, None] + ~states.has_root[:, self._root_place]
        return SetTotals(
            size=np.array(states.size + 1),
            num_fixed=self._shortlist.num_fixed,
            link_sum=links,
            weakest_link=np.minimum(states.weakest[:, None], states.weakest_to),
            bridge_sum=bridges,
            num_bridges=num_bridges,
            num_roots=num_roots,
            fit_sum=fit,
            list_price=list_price,
            item_offers=offer,
            offer=self._discount.offers(offer, cost),
            cost=cost,
        )

    def _singles(self, places: NDArray[np.int64]) -> States:
        """Each candidate of `places` as a set."""
        shortlist, count = self._shortlist, len(self._shortlist.items)
        members = places[:, None] == np.arange(count)
        has_root = self._root_place[places, None] == np.arange(self._num_roots + 1)
        # Items without a category bring no new one.
        has_root[:, -1] = True
        return States(
            size=1,
            members=members,
            is_closed=shortlist.is_apart[places] | members,
            pair_sums=np.zeros((3, len(places))),
            pairs_to=self._pairs[:, places],
            weakest=np.full(len(places), np.inf),
            weakest_to=shortlist.links[places],
            column_sums=self._columns[:, places],
            has_root=has_root,
        )
