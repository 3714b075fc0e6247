"""Partial bundles of a beam search: their expansions by one candidate, and bounds on their prices.

Sums are kept incrementally, so one step with W partial bundles and P candidates reads and writes a dozen
arrays of W · P numbers and multiplies no matrices: 12 · 8 · W · P bytes, 1 MB at W = 60 and P = 150.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundles.compose.objectives import SetTotals
from bundles.compose.shortlist import Shortlist
from bundles.present.discounts import DiscountPolicy
from bundles.request.constraints import BundleConstraints


@dataclass(frozen=True)
class PartialBundles:
    """W partial bundles of one size."""

    size: int
    members: NDArray[np.bool_]
    """[W, P]"""
    is_closed: NDArray[np.bool_]
    """Candidates that are in the bundle or conflict with one of its items, [W, P]."""
    pair_sums: NDArray[np.float64]
    """Sums over pairs in the bundle: links, category strengths, pairs of two categories; [3, W]."""
    pairs_to: NDArray[np.float64]
    """The same over pairs of a bundle item and each candidate, [3, W, P]."""
    weakest: NDArray[np.float64]
    """Minimum link within the bundle, +∞ for one item, [W]."""
    weakest_to: NDArray[np.float64]
    """Minimum link between the bundle and each candidate, [W, P]."""
    column_sums: NDArray[np.float64]
    """Sums of fit, list price, offer and cost, [4, W]; NaN where an item has none."""
    has_root: NDArray[np.bool_]
    """Which level-0 categories the bundle has, [W, R + 1]; the last column is for items without one."""

    def __len__(self) -> int:
        return len(self.members)


class BundleExpander:
    """Starts and expands partial bundles of one shortlist."""

    def __init__(self, shortlist: Shortlist, discount: DiscountPolicy) -> None:
        self._shortlist, self._discount = shortlist, discount
        self._pairs = np.stack(
            [shortlist.links, shortlist.category_strength, shortlist.category_strength > 0]
        )
        is_added = np.arange(len(shortlist.items)) >= shortlist.num_fixed
        fit = np.where(is_added, shortlist.user_fit, 0.0)
        self._columns = np.stack([fit, shortlist.price, shortlist.offer, shortlist.cost])
        roots = np.unique(shortlist.root[shortlist.root >= 0])
        place = np.searchsorted(roots, shortlist.root)
        self._root_place = np.where(shortlist.root >= 0, place, len(roots))
        self._num_roots = len(roots)

    def start(self) -> PartialBundles:
        """One bundle of the fixed items; without fixed items, one bundle for each candidate."""
        num_fixed = self._shortlist.num_fixed
        if not num_fixed:
            return self._singles(np.arange(len(self._shortlist.items)))
        states, only = self._singles(np.zeros(1, dtype=np.int64)), np.zeros(1, dtype=np.int64)
        for place in range(1, num_fixed):
            states = self.expand(states, only, np.array([place]))
        return states

    def expand(
        self, states: PartialBundles, state: NDArray[np.int64], added: NDArray[np.int64]
    ) -> PartialBundles:
        """Rows `state` of `states`, each with the candidate `added`; arrays of shape [K]."""
        shortlist = self._shortlist
        members = states.members[state]
        members[np.arange(len(state)), added] = True
        is_closed = states.is_closed[state] | shortlist.is_conflict[added]
        is_closed[np.arange(len(state)), added] = True
        has_root = states.has_root[state]
        has_root[np.arange(len(state)), self._root_place[added]] = True
        return PartialBundles(
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

    def expanded_totals(self, states: PartialBundles) -> SetTotals:
        """Sums of each partial bundle with each candidate added, arrays of shape [W, P]."""
        fit, list_price, offer, cost = states.column_sums[:, :, None] + self._columns[:, None, :]
        links, category_strength, num_category_pairs = states.pair_sums[:, :, None] + states.pairs_to
        num_roots = states.has_root[:, :-1].sum(axis=1)[:, None] + ~states.has_root[:, self._root_place]
        return SetTotals(
            size=np.array(states.size + 1),
            num_fixed=self._shortlist.num_fixed,
            link_sum=links,
            weakest_link=np.minimum(states.weakest[:, None], states.weakest_to),
            category_strength_sum=category_strength,
            num_category_pairs=num_category_pairs,
            num_roots=num_roots,
            fit_sum=fit,
            list_price=list_price,
            item_offers=offer,
            offer=self._discount.offers(offer, cost),
            cost=cost,
        )

    def _singles(self, places: NDArray[np.int64]) -> PartialBundles:
        """One bundle for each candidate of `places`."""
        shortlist, count = self._shortlist, len(self._shortlist.items)
        members = places[:, None] == np.arange(count)
        has_root = self._root_place[places, None] == np.arange(self._num_roots + 1)
        # Items without a category never add one.
        has_root[:, -1] = True
        return PartialBundles(
            size=1,
            members=members,
            is_closed=shortlist.is_conflict[places] | members,
            pair_sums=np.zeros((3, len(places))),
            pairs_to=self._pairs[:, places],
            weakest=np.full(len(places), np.inf),
            weakest_to=shortlist.links[places],
            column_sums=self._columns[:, places],
            has_root=has_root,
        )


class PriceBounds:
    """Price bounds from the cheapest and the most expensive candidate; both searches prune by them."""

    def __init__(self, shortlist: Shortlist, constraints: BundleConstraints) -> None:
        self._constraints = constraints
        added = shortlist.offer[shortlist.num_fixed :]
        known = added[~np.isnan(added)]
        self._lowest, self._highest = known.min(initial=np.inf), known.max(initial=0.0)

    def is_feasible(
        self, item_offers: NDArray[np.float64], cost: NDArray[np.float64], *, size: int
    ) -> NDArray[np.bool_]:
        """Whether partial bundles of `size` items may still meet the price limits; an optimistic bound.

        Args:
            item_offers: Sums of item offers in minor units, any shape; NaN (unknown) never meets a limit.
            cost: Sums of their costs, of the same shape; NaN if unknown.
            size: Number of items in each of them.

        Returns:
            An array of that shape, or a scalar where there is no limit.
        """
        constraints, is_feasible = self._constraints, np.asarray(True)
        if constraints.price_max is not None:
            # Adding items never makes a bundle cheaper.
            lacking = max(constraints.size_min - size, 0)
            least = item_offers + lacking * self._lowest if lacking else item_offers
            is_feasible = constraints.discount.offers(least, cost) <= constraints.price_max
        if constraints.price_min is not None:
            most = item_offers + (constraints.size_max - size) * self._highest
            is_feasible = is_feasible & (most >= constraints.price_min)
        return is_feasible
