"""Beam search over sets of candidates: the best sets of each size that satisfy the rules.

A state is a set, grown by one item at a time; all states of a size are expanded at once. What can no longer
satisfy a price limit or `min_categories`, whatever is added, is cut off. Sets are kept for the answer from
all expansions of a size, so more of them than the beam is wide.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bundles.compose.objectives import ObjectiveValues, measure
from bundles.compose.price_reach import PriceReach
from bundles.compose.sets import measure_sets, satisfies
from bundles.compose.shortlist import Shortlist
from bundles.compose.states import SetGrowth, States
from bundles.request.constraints import Rules
from bundles.request.schemas import Weights
from bundles.rules.offering import settled_members

BEAM_WIDTH = 40
#: The same set is reached by as many ways as it has added items: look at so many times more than are kept.
_OVERDRAW = 6


@dataclass(frozen=True)
class ComposedSets:
    """Sets that satisfy the rules, with their objectives, best of each size first."""

    members: NDArray[np.bool_]
    """[K, P]: which candidates are in which set."""
    values: ObjectiveValues
    """Arrays of shape [K]."""

    def at(self, rows: NDArray[np.int64]) -> ComposedSets:
        """The sets of `rows`, in their order."""
        return ComposedSets(self.members[rows], self.values.at(rows))


def compose_sets(shortlist: Shortlist, rules: Rules, *, weights: Weights, num_kept: int) -> ComposedSets:
    """At most `num_kept` sets of each size that `rules` allow; none where no set satisfies them.

    Bundles that the merchandiser settled come beside these, as many as satisfy the rules. The candidates are
    taken to satisfy by themselves what single items must.
    """
    search = _Search(shortlist, rules, weights)
    found = [search.given()]
    states = search.start()
    while len(states) and states.size < rules.size_max:
        expansions = search.expand(states)
        found.append(search.best_complete(states, expansions, num_kept))
        if states.size + 1 == rules.size_max:
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
    """Every state with every candidate added, arrays of shape [W, P]."""

    values: ObjectiveValues
    offer: NDArray[np.float64]
    num_roots: NDArray[np.float64]
    is_possible: NDArray[np.bool_]
    """Allowed now, and not beyond rescue."""
    is_complete: NDArray[np.bool_]
    """Possible, and satisfies the rules as it is."""


class _Search:
    """What does not change while one request is composed."""

    def __init__(self, shortlist: Shortlist, rules: Rules, weights: Weights) -> None:
        self._shortlist, self._rules, self._weights = shortlist, rules, weights
        self._growth = SetGrowth(shortlist, rules.discount)
        self._reach = PriceReach(shortlist, rules)
        # Zobrist (1970): a set's key is the XOR of its items' keys, whatever the order they came in.
        self._keys = np.random.default_rng(0).integers(2**63, size=len(shortlist.items), dtype=np.int64)
        self._settled = settled_members(rules.decided, shortlist.items)
        self._settled_keys = self._keys_of(self._settled)

    def start(self) -> States:
        """Where growing begins; a fixed pair that must be apart leaves nothing to grow."""
        states, num_fixed = self._growth.start(), self._shortlist.num_fixed
        if self._shortlist.is_apart[:num_fixed, :num_fixed].any():
            nothing = np.zeros(0, dtype=np.int64)
            return self._growth.grow(states, nothing, nothing)
        return states

    def given(self) -> ComposedSets:
        """Sets that need no search: the fixed items alone, and what the merchandiser settled."""
        alone = (np.arange(len(self._shortlist.items)) < self._shortlist.num_fixed)[None, :]
        alone = alone[~self._are_settled(self._keys_of(alone))]
        members = np.concatenate([alone, self._settled])
        members = members[satisfies(self._shortlist, members, rules=self._rules)]
        values = measure_sets(self._shortlist, members, rules=self._rules, weights=self._weights)
        return ComposedSets(members, values)

    def _are_settled(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which sets, by their keys, are looked at by themselves: of any shape."""
        are_settled: NDArray[np.bool_] = np.isin(keys, self._settled_keys)
        return are_settled

    def _keys_of(self, members: NDArray[np.bool_]) -> NDArray[np.int64]:
        keys: NDArray[np.int64] = np.bitwise_xor.reduce(np.where(members, self._keys, 0), axis=1)
        return keys

    def expand(self, states: States) -> _Expansions:
        """All sets that come of adding one candidate to a state."""
        rules, totals = self._rules, self._growth.grown_totals(states)
        size, offer = states.size + 1, totals.offer
        is_possible = ~states.is_closed & self._reach.within(totals.item_offers, totals.cost, size=size)
        is_complete = np.full(is_possible.shape, size >= rules.size_min)
        if rules.price_max is not None:
            is_complete &= offer <= rules.price_max
        if rules.price_min is not None:
            is_complete &= offer >= rules.price_min
        if rules.min_categories > 1:
            is_possible &= totals.num_roots + rules.size_max - size >= rules.min_categories
            is_complete &= totals.num_roots >= rules.min_categories
        is_complete &= ~rules.discount.breaks_floor(offer, totals.cost)
        if len(self._settled):
            is_complete &= ~self._are_settled(self._keys_of(states.members)[:, None] ^ self._keys)
        values = measure(totals, weights=self._weights, max_size=rules.size_max)
        return _Expansions(values, offer, totals.num_roots, is_possible, is_complete & is_possible)

    def best_complete(self, states: States, expansions: _Expansions, count: int) -> ComposedSets:
        """The `count` best distinct expansions that satisfy the rules."""
        places = self._best(states, expansions.values.score, expansions.is_complete, count)
        state, added = np.divmod(places, states.members.shape[1])
        members = states.members[state]
        members[np.arange(len(places)), added] = True
        return ComposedSets(members, expansions.values.at(places))

    def best_to_extend(self, states: States, expansions: _Expansions) -> States:
        """The next states: the best by score and, where something is lacking, those nearest to having it."""
        places = self._best(states, expansions.values.score, expansions.is_possible, BEAM_WIDTH)
        lacking = np.zeros(expansions.is_possible.shape)
        if self._rules.price_min is not None:
            lacking += np.maximum(1 - expansions.offer / max(self._rules.price_min, 1), 0)
        if self._rules.price_max is not None and not expansions.is_complete.any():
            lacking += expansions.offer / max(self._rules.price_max, 1)
        if self._rules.min_categories > 1:
            lacking += np.maximum(self._rules.min_categories - expansions.num_roots, 0)
        if lacking.any():
            nearest = self._best(states, -lacking, expansions.is_possible, BEAM_WIDTH // 2)
            places = np.unique(np.concatenate([places, nearest]))
        return self._growth.grow(states, *np.divmod(places, states.members.shape[1]))

    def _best(
        self, states: States, values: NDArray[np.float64], is_open: NDArray[np.bool_], count: int
    ) -> NDArray[np.int64]:
        """Flat places of the `count` greatest `values` among `is_open`, each set once, greatest first."""
        places = np.flatnonzero(is_open)
        # Rounded, so that equal sets reached in another order are equal.
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
