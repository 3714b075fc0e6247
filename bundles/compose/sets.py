"""Any sets of candidates, however they came about: their objectives, and whether they satisfy the rules.

The exact word on both: the beam search, the Pareto search and the merchandiser's own bundles are held to it.
A set of at most S items costs S² look-ups, whatever the number of candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bundles.compose.objectives import ObjectiveValues, SetTotals, measure
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import Rules
from bundles.request.schemas import Weights

_T = TypeVar("_T", bound=np.generic)


def measure_sets(
    shortlist: Shortlist, members: NDArray[np.bool_], *, rules: Rules, weights: Weights
) -> ObjectiveValues:
    """The objectives of the sets `members` [K, P], arrays of shape [K]; each holds the fixed items.

    Whether they satisfy `rules` is not asked: of these, the size limit alone counts (`breadth`).
    """
    totals = _totals(shortlist, members, _places(members), rules)
    return measure(totals, weights=weights, max_size=rules.size_max)


def satisfies(shortlist: Shortlist, members: NDArray[np.bool_], *, rules: Rules) -> NDArray[np.bool_]:
    """Which of the sets `members` [K, P] satisfy `rules`, [K].

    The candidates are taken to satisfy by themselves what single items must (`bundles.request.constraints.may_join`).
    """
    sets = _places(members)
    totals = _totals(shortlist, members, sets, rules)
    is_valid = members[:, : shortlist.num_fixed].all(axis=1)
    is_valid &= (totals.size >= rules.size_min) & (totals.size <= rules.size_max)
    is_valid &= ~(sets.of_pairs(shortlist.is_apart) & sets.is_pair).any(axis=(1, 2))
    is_valid &= (totals.num_roots >= rules.min_categories) | (rules.min_categories <= 1)
    # Comparisons with NaN are false: a set of unknown price fails under a limit.
    if rules.price_min is not None:
        is_valid &= totals.offer >= rules.price_min
    if rules.price_max is not None:
        is_valid &= totals.offer <= rules.price_max
    is_valid &= ~rules.discount.breaks_floor(totals.offer, totals.cost)
    return is_valid & ~rules.decided.have_verdict(shortlist.items, members, "rejected")


@dataclass(frozen=True)
class _Places:
    """Sets as padded lists of their members; S is the size of the largest."""

    place: NDArray[np.int64]
    """[K, S], ascending; 0 where there is none."""
    is_member: NDArray[np.bool_]
    """[K, S]"""
    is_pair: NDArray[np.bool_]
    """[K, S, S], each unordered pair once."""

    def of_items(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of `column` [P] over each set, [K]; NaN where one of its items has none."""
        sums: NDArray[np.float64] = np.where(self.is_member, column[self.place], 0.0).sum(axis=1)
        return sums

    def of_pairs(self, matrix: NDArray[_T]) -> NDArray[_T]:
        """`matrix` [P, P] at each pair of places, [K, S, S]."""
        return matrix[self.place[:, :, None], self.place[:, None, :]]


def _places(members: NDArray[np.bool_]) -> _Places:
    sizes = members.sum(axis=1)
    row, place = np.nonzero(members)
    position = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.zeros((len(members), int(sizes.max(initial=0))), dtype=np.int64)
    places[row, position] = place
    is_member = np.arange(places.shape[1]) < sizes[:, None]
    later = np.arange(places.shape[1])[:, None] < np.arange(places.shape[1])
    return _Places(places, is_member, is_member[:, None, :] & later)


def _totals(shortlist: Shortlist, members: NDArray[np.bool_], sets: _Places, rules: Rules) -> SetTotals:
    root = shortlist.root[sets.place]
    is_repeated = ((root[:, :, None] == root[:, None, :]) & sets.is_pair).any(axis=1)
    links = sets.of_pairs(shortlist.links)
    bridges = np.where(sets.is_pair, sets.of_pairs(shortlist.bridges), 0.0)
    is_added = np.arange(len(shortlist.items)) >= shortlist.num_fixed
    item_offers, cost = sets.of_items(shortlist.offer), sets.of_items(shortlist.cost)
    fixed_offer = rules.decided.fixed_offers(shortlist.items, members)
    return SetTotals(
        size=sets.is_member.sum(axis=1),
        num_fixed=shortlist.num_fixed,
        link_sum=np.where(sets.is_pair, links, 0.0).sum(axis=(1, 2)),
        weakest_link=np.where(sets.is_pair, links, np.inf).min(axis=(1, 2), initial=np.inf),
        bridge_sum=bridges.sum(axis=(1, 2)),
        num_bridges=(bridges > 0).sum(axis=(1, 2)),
        num_roots=(sets.is_member & (root >= 0) & ~is_repeated).sum(axis=1),
        fit_sum=sets.of_items(np.where(is_added, shortlist.user_fit, 0.0)),
        list_price=sets.of_items(shortlist.price),
        item_offers=item_offers,
        offer=np.where(np.isnan(fixed_offer), rules.discount.offers(item_offers, cost), fixed_offer),
        cost=cost,
    )
