"""Beam search over sets of candidates: the best sets of each size that satisfy the constraints.

A state is a partial bundle, expanded by one item at a time; all states of a size are expanded together.
States that cannot meet a price limit or `min_categories` any more are pruned. Answers are taken from all
expansions of a size, so there may be more of them than the beam is wide.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bundles.compose.objectives import ObjectiveValues, compute_objectives
from bundles.compose.partial import BundleExpander, PartialBundles, PriceBounds
from bundles.compose.sets import measure_sets, satisfies
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints
from bundles.request.schemas import Weights

BEAM_WIDTH = 40
#: A set of n added items is reached in n ways: draw this many times more expansions than are kept.
_OVERDRAW = 6


@dataclass(frozen=True)
class ComposedSets:
    """Sets that satisfy the constraints, with their objectives, best of each size first."""

    members: NDArray[np.bool_]
    """[K, P]: which candidates each set holds."""
    values: ObjectiveValues
    """Arrays of shape [K]."""

    def at(self, rows: NDArray[np.int64]) -> ComposedSets:
        """The sets of `rows`, in that order."""
        return ComposedSets(self.members[rows], self.values.at(rows))


def compose_sets(
    shortlist: Shortlist, constraints: BundleConstraints, *, weights: Weights, num_kept: int
) -> ComposedSets:
    """At most `num_kept` sets of each size that satisfy `constraints`; empty if none does.

    Curated bundles that satisfy them come in addition. The candidates must satisfy the constraints on single
    items already.
    """
    search = _Search(shortlist, constraints, weights)
    found = [search.given()]
    states = search.start()
    while len(states) and states.size < constraints.size_max:
        expansions = search.expand(states)
        found.append(search.best_complete(states, expansions, num_kept))
        if states.size + 1 == constraints.size_max:
            break
        states = search.best_to_extend(states, expansions)
    return ComposedSets(
        members=np.concatenate([each.members for each in found]),
        values=ObjectiveValues(
            *(
                np.concatenate([getattr(each.values, field.name) for each in found])
                for field in fields(ObjectiveValues)
            )
        ),
    )


@dataclass(frozen=True)
class _Expansions:
    """Every state with every candidate added; arrays of shape [W, P]."""

    values: ObjectiveValues
    offer: NDArray[np.float64]
    num_roots: NDArray[np.float64]
    is_possible: NDArray[np.bool_]
    """Allowed, and still able to satisfy the constraints."""
    is_complete: NDArray[np.bool_]
    """Possible, and satisfies the constraints already."""


class _Search:
    """The search of one request: what stays constant while states are expanded."""

    def __init__(self, shortlist: Shortlist, constraints: BundleConstraints, weights: Weights) -> None:
        self._shortlist, self._constraints, self._weights = shortlist, constraints, weights
        self._expander = BundleExpander(shortlist, constraints.discount)
        self._price_bounds = PriceBounds(shortlist, constraints)
        # Zobrist hashing (1970): a set's key is the XOR of its items' keys, whatever their order.
        self._keys = np.random.default_rng(0).integers(2**63, size=len(shortlist.items), dtype=np.int64)
        self._curated = constraints.rules.curated_members(shortlist.items)
        self._curated_keys = self._keys_of(self._curated)

    def start(self) -> PartialBundles:
        """The first states; none if two fixed items conflict."""
        states, num_fixed = self._expander.start(), self._shortlist.num_fixed
        if self._shortlist.is_conflict[:num_fixed, :num_fixed].any():
            nothing = np.zeros(0, dtype=np.int64)
            return self._expander.expand(states, nothing, nothing)
        return states

    def given(self) -> ComposedSets:
        """Sets that need no search: the fixed items alone, and the curated bundles."""
        alone = (np.arange(len(self._shortlist.items)) < self._shortlist.num_fixed)[None, :]
        alone = alone[~self._are_curated(self._keys_of(alone))]
        members = np.concatenate([alone, self._curated])
        members = members[satisfies(self._shortlist, members, constraints=self._constraints)]
        values = measure_sets(self._shortlist, members, constraints=self._constraints, weights=self._weights)
        return ComposedSets(members, values)

    def _are_curated(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which sets, by their keys, are curated and evaluated apart from the search; any shape."""
        are_curated: NDArray[np.bool_] = np.isin(keys, self._curated_keys)
        return are_curated

    def _keys_of(self, members: NDArray[np.bool_]) -> NDArray[np.int64]:
        keys: NDArray[np.int64] = np.bitwise_xor.reduce(np.where(members, self._keys, 0), axis=1)
        return keys

    def expand(self, states: PartialBundles) -> _Expansions:
        """Every state with every candidate added."""
        constraints, totals = self._constraints, self._expander.expanded_totals(states)
        size, offer = states.size + 1, totals.offer
        is_possible = ~states.is_closed & self._price_bounds.is_feasible(
            totals.item_offers, totals.cost, size=size
        )
        is_complete = np.full(is_possible.shape, size >= constraints.size_min)
        if constraints.price_max is not None:
            is_complete &= offer <= constraints.price_max
        if constraints.price_min is not None:
            is_complete &= offer >= constraints.price_min
        if constraints.min_categories > 1:
            is_possible &= totals.num_roots + constraints.size_max - size >= constraints.min_categories
            is_complete &= totals.num_roots >= constraints.min_categories
        is_complete &= ~constraints.discount.breaks_floor(offer, totals.cost)
        if len(self._curated):
            is_complete &= ~self._are_curated(self._keys_of(states.members)[:, None] ^ self._keys)
        values = compute_objectives(totals, weights=self._weights, max_size=constraints.size_max)
        return _Expansions(values, offer, totals.num_roots, is_possible, is_complete & is_possible)

    def best_complete(self, states: PartialBundles, expansions: _Expansions, count: int) -> ComposedSets:
        """The `count` best distinct expansions that satisfy the constraints."""
        places = self._best(states, expansions.values.score, expansions.is_complete, count)
        state, added = np.divmod(places, states.members.shape[1])
        members = states.members[state]
        members[np.arange(len(places)), added] = True
        return ComposedSets(members, expansions.values.at(places))

    def best_to_extend(self, states: PartialBundles, expansions: _Expansions) -> PartialBundles:
        """The next states: the best by score and, where a constraint is not met yet, those nearest to it."""
        places = self._best(states, expansions.values.score, expansions.is_possible, BEAM_WIDTH)
        shortfall = np.zeros(expansions.is_possible.shape)
        if self._constraints.price_min is not None:
            shortfall += np.maximum(1 - expansions.offer / max(self._constraints.price_min, 1), 0)
        if self._constraints.price_max is not None and not expansions.is_complete.any():
            shortfall += expansions.offer / max(self._constraints.price_max, 1)
        if self._constraints.min_categories > 1:
            shortfall += np.maximum(self._constraints.min_categories - expansions.num_roots, 0)
        if shortfall.any():
            nearest = self._best(states, -shortfall, expansions.is_possible, BEAM_WIDTH // 2)
            places = np.unique(np.concatenate([places, nearest]))
        return self._expander.expand(states, *np.divmod(places, states.members.shape[1]))

    def _best(
        self, states: PartialBundles, values: NDArray[np.float64], is_open: NDArray[np.bool_], count: int
    ) -> NDArray[np.int64]:
        """Flat places of the `count` greatest `values` among `is_open`, distinct sets only, best first."""
        places = np.flatnonzero(is_open)
        # Rounded, so that equal sets that were built in another order compare equal.
        best = -np.round(values.ravel()[places], 9)
        if len(places) > _OVERDRAW * count:
            drawn = np.argpartition(best, _OVERDRAW * count)[: _OVERDRAW * count]
            places, best = places[drawn], best[drawn]
        places = places[np.lexsort((places, best))]
        state_keys = self._keys_of(states.members)
        state, added = np.divmod(places, states.members.shape[1])
        _, first = np.unique(state_keys[state] ^ self._keys[added], return_index=True)
        found: NDArray[np.int64] = places[np.sort(first)[:count]]
        return found
