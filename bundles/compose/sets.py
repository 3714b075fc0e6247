"""Exact objectives of any sets of candidates, and whether they satisfy the constraints.

The beam search, the Pareto search and curated bundles all agree with it. A set of at most S items costs S²
look-ups, whatever the number of candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bundles.compose.objectives import ObjectiveValues, SetTotals, compute_objectives
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints
from bundles.request.schemas import ObjectiveName, Weights

_T = TypeVar("_T", bound=np.generic)
#: Digits that an answer shows. Points are compared as shown: what looks equal is equal.
_DIGITS = 6


def measure_sets(
    shortlist: Shortlist, members: NDArray[np.bool_], *, constraints: BundleConstraints, weights: Weights
) -> ObjectiveValues:
    """The objectives of the sets `members` [K, P], arrays of shape [K]; each holds the fixed items.

    The sets need not satisfy `constraints`; only the maximum size matters here (`breadth`).
    """
    totals = _totals(shortlist, members, _places(members), constraints)
    return compute_objectives(totals, weights=weights, max_size=constraints.size_max)


def objective_values(
    shortlist: Shortlist,
    members: NDArray[np.bool_],
    *,
    constraints: BundleConstraints,
    objectives: Sequence[ObjectiveName],
) -> NDArray[np.float64]:
    """The `objectives` of the sets `members` [K, P] as columns, [K, M]; an unknown margin is 0."""
    weights = equal_weights(objectives)
    values = measure_sets(shortlist, members, constraints=constraints, weights=weights)
    columns = [np.nan_to_num(getattr(values, name)) for name in objectives]
    points: NDArray[np.float64] = np.round(np.clip(np.stack(columns, axis=1), 0.0, 1.0), _DIGITS)
    return points


def equal_weights(objectives: Sequence[ObjectiveName]) -> Weights:
    """Weight 1 for each of `objectives`, 0 for the others."""
    return Weights(**{name: float(name in objectives) for name in Weights.model_fields})


def satisfies(
    shortlist: Shortlist, members: NDArray[np.bool_], *, constraints: BundleConstraints
) -> NDArray[np.bool_]:
    """Which of the sets `members` [K, P] satisfy `constraints`, [K].

    The candidates must satisfy the constraints on single items already (`constraints.may_join`).
    """
    sets = _places(members)
    totals = _totals(shortlist, members, sets, constraints)
    is_valid = members[:, : shortlist.num_fixed].all(axis=1)
    is_valid &= (totals.size >= constraints.size_min) & (totals.size <= constraints.size_max)
    is_valid &= ~(sets.of_pairs(shortlist.is_conflict) & sets.is_pair).any(axis=(1, 2))
    is_valid &= (totals.num_roots >= constraints.min_categories) | (constraints.min_categories <= 1)
    # Comparisons with NaN are false: a set of unknown price fails a limit.
    if constraints.price_min is not None:
        is_valid &= totals.offer >= constraints.price_min
    if constraints.price_max is not None:
        is_valid &= totals.offer <= constraints.price_max
    is_valid &= ~constraints.discount.breaks_floor(totals.offer, totals.cost)
    return is_valid & ~constraints.rules.have_verdict(shortlist.items, members, "rejected")


@dataclass(frozen=True)
class _Places:
    """Sets as padded lists of their members; S is the size of the largest."""

    place: NDArray[np.int64]
    """[K, S], ascending; 0 as padding."""
    is_member: NDArray[np.bool_]
    """[K, S]"""
    is_pair: NDArray[np.bool_]
    """[K, S, S], each unordered pair once."""

    def of_items(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of `column` [P] over each set, [K]; NaN where an item has none."""
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


def _totals(
    shortlist: Shortlist, members: NDArray[np.bool_], sets: _Places, constraints: BundleConstraints
) -> SetTotals:
    root = shortlist.root[sets.place]
    is_repeated = ((root[:, :, None] == root[:, None, :]) & sets.is_pair).any(axis=1)
    links = sets.of_pairs(shortlist.links)
    category_strength = np.where(sets.is_pair, sets.of_pairs(shortlist.category_strength), 0.0)
    is_added = np.arange(len(shortlist.items)) >= shortlist.num_fixed
    item_offers, cost = sets.of_items(shortlist.offer), sets.of_items(shortlist.cost)
    fixed_offer = constraints.rules.fixed_offers(shortlist.items, members)
    return SetTotals(
        size=sets.is_member.sum(axis=1),
        num_fixed=shortlist.num_fixed,
        link_sum=np.where(sets.is_pair, links, 0.0).sum(axis=(1, 2)),
        weakest_link=np.where(sets.is_pair, links, np.inf).min(axis=(1, 2), initial=np.inf),
        category_strength_sum=category_strength.sum(axis=(1, 2)),
        num_category_pairs=(category_strength > 0).sum(axis=(1, 2)),
        num_roots=(sets.is_member & (root >= 0) & ~is_repeated).sum(axis=1),
        fit_sum=sets.of_items(np.where(is_added, shortlist.user_fit, 0.0)),
        list_price=sets.of_items(shortlist.price),
        item_offers=item_offers,
        offer=np.where(np.isnan(fixed_offer), constraints.discount.offers(item_offers, cost), fixed_offer),
        cost=cost,
    )
