"""Beam search over sets of candidates: the best sets of each size that satisfy the rules.

A state is a set, grown by one item at a time; all states of a size are expanded at once. What can no longer
satisfy a price limit or `min_categories`, whatever is added, is cut off. Sets are kept for the answer from
all expansions of a size, so more of them than the beam is wide.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bundles.objectives import ObjectiveValues, SetTotals, measure
from bundles.requests import Weights
from bundles.rules import Rules
from bundles.shortlist import Shortlist

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


def compose_sets(shortlist: Shortlist, rules: Rules, *, weights: Weights, num_kept: int) -> ComposedSets:
    """At most `num_kept` sets of each size that `rules` allow; none where no set satisfies them.

    The candidates are taken to satisfy by themselves what single items must.
    """
    search = _Search(shortlist, rules, weights)
    found = search.fixed_only()
    members = search.start()
    for size in range(int(members[0].sum()) + 1 if len(members) else rules.size_max + 1, rules.size_max + 1):
        expansions = search.expand(members, size)
        found.append(search.best_complete(members, expansions, num_kept))
        members = search.best_to_extend(members, expansions)
        if not len(members):
            break
    return _joined(found, len(shortlist.items))


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
        leaf, root = shortlist.leaf, shortlist.root
        self._same_leaf = ((leaf[:, None] == leaf) & (leaf[:, None] >= 0)).astype(np.float64)
        roots, self._root_place = np.unique(root, return_inverse=True)
        self._in_root = (root[:, None] == roots[roots >= 0]).astype(np.float64)
        self._has_root = root >= 0
        self._root_place = self._root_place - int((roots < 0).any())
        added = shortlist.offer[shortlist.num_fixed :]
        known = added[~np.isnan(added)]
        self._cheapest = known.min() if len(known) else 0.0
        self._dearest = known.max() if len(known) else 0.0
        # Zobrist (1970): a set's key is the XOR of its items' keys, whatever the order they came in.
        self._keys = np.random.default_rng(0).integers(2**63, size=len(shortlist.items), dtype=np.int64)

    def start(self) -> NDArray[np.bool_]:
        """The fixed items as one state, else each candidate as a state."""
        count = len(self._shortlist.items)
        if not self._shortlist.num_fixed:
            return np.eye(count, dtype=np.bool_)
        return (np.arange(count) < self._shortlist.num_fixed)[None, :]

    def fixed_only(self) -> list[ComposedSets]:
        """The fixed items as a set of their own, where that is one."""
        num_fixed = self._shortlist.num_fixed
        if num_fixed < self._rules.size_min:
            return []
        # The last fixed item "joins" the others, so that one way of measuring serves all sets.
        members = np.zeros((1, len(self._shortlist.items)), dtype=np.bool_)
        members[0, : num_fixed - 1] = True
        expansions = self.expand(members, num_fixed, respect_leaves=False)
        expansions.is_complete[:, np.arange(len(self._shortlist.items)) != num_fixed - 1] = False
        return [self.best_complete(members, expansions, 1)]

    def expand(self, members: NDArray[np.bool_], size: int, *, respect_leaves: bool = True) -> _Expansions:
        """All sets of `size` that come of adding one candidate to a state of `members`, [W, P]."""
        shortlist, rules = self._shortlist, self._rules
        state = members.astype(np.float64)
        link_to = state @ shortlist.links
        has_root = state @ self._in_root > 0
        is_new_root = (
            self._has_root & ~has_root[:, self._root_place] if has_root.shape[1] else np.bool_(False)
        )
        num_roots = has_root.sum(axis=1)[:, None] + is_new_root + np.zeros(members.shape)
        offer = _sums(state, shortlist.offer)
        totals = SetTotals(
            size=size,
            link_sum=(link_to * state).sum(axis=1)[:, None] / 2 + link_to,
            fit_sum=(state @ shortlist.user_fit)[:, None] + shortlist.user_fit,
            num_roots=num_roots,
            list_price=_sums(state, shortlist.price),
            offer=offer,
            cost=_sums(state, shortlist.cost),
        )
        is_possible = ~members
        if rules.distinct_leaves and respect_leaves:
            is_possible &= state @ self._same_leaf == 0
        room, lacking = rules.size_max - size, max(rules.size_min - size, 0)
        is_complete = np.full(members.shape, size >= rules.size_min)
        if rules.price_max is not None:
            is_possible &= offer + lacking * self._cheapest <= rules.price_max
        if rules.price_min is not None:
            is_possible &= offer + room * self._dearest >= rules.price_min
            is_complete &= offer >= rules.price_min
        if rules.min_categories > 1:
            is_possible &= num_roots + room >= rules.min_categories
            is_complete &= num_roots >= rules.min_categories
        values = measure(totals, weights=self._weights, max_size=rules.size_max)
        return _Expansions(values, offer, num_roots, is_possible, is_complete & is_possible)

    def best_complete(self, members: NDArray[np.bool_], expansions: _Expansions, count: int) -> ComposedSets:
        """The `count` best distinct expansions that satisfy the rules."""
        places = self._best(members, expansions.values.score, expansions.is_complete, count)
        return ComposedSets(
            members=self._with_added(members, places), values=_taken(expansions.values, places)
        )

    def best_to_extend(self, members: NDArray[np.bool_], expansions: _Expansions) -> NDArray[np.bool_]:
        """The next states: the best by score and, where something is lacking, those nearest to having it."""
        places = self._best(members, expansions.values.score, expansions.is_possible, BEAM_WIDTH)
        lacking = np.zeros(members.shape)
        if self._rules.price_min is not None:
            lacking += np.maximum(1 - expansions.offer / max(self._rules.price_min, 1), 0)
        if self._rules.price_max is not None and not expansions.is_complete.any():
            lacking += expansions.offer / max(self._rules.price_max, 1)
        if self._rules.min_categories > 1:
            lacking += np.maximum(self._rules.min_categories - expansions.num_roots, 0)
        if lacking.any():
            nearest = self._best(members, -lacking, expansions.is_possible, BEAM_WIDTH // 2)
            places = np.unique(np.concatenate([places, nearest]))
        return self._with_added(members, places)

    def _best(
        self,
        members: NDArray[np.bool_],
        values: NDArray[np.float64],
        is_open: NDArray[np.bool_],
        count: int,
    ) -> NDArray[np.int64]:
        """Flat places of the `count` greatest `values` among `is_open`, each set once, greatest first."""
        places = np.flatnonzero(is_open)
        # Rounded, so that equal sets reached in another order are equal.
        best = -np.round(values.ravel()[places], 9)
        if len(places) > _OVERDRAW * count:
            drawn = np.argpartition(best, _OVERDRAW * count)[: _OVERDRAW * count]
            places, best = places[drawn], best[drawn]
        places = places[np.lexsort((places, best))]
        state_keys = np.bitwise_xor.reduce(np.where(members, self._keys, 0), axis=1)
        state, added = np.divmod(places, members.shape[1])
        _, first = np.unique(state_keys[state] ^ self._keys[added], return_index=True)
        return places[np.sort(first)[:count]]

    def _with_added(self, members: NDArray[np.bool_], places: NDArray[np.int64]) -> NDArray[np.bool_]:
        state, added = np.divmod(places, members.shape[1])
        grown = members[state]
        grown[np.arange(len(places)), added] = True
        return grown


def _sums(state: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of `column` over each state and one candidate more, [W, P]; NaN where one of them is."""
    is_missing = np.isnan(column)
    sums = state @ np.where(is_missing, 0.0, column)
    sums[state @ is_missing.astype(np.float64) > 0] = np.nan
    return sums[:, None] + column


def _taken(values: ObjectiveValues, places: NDArray[np.int64]) -> ObjectiveValues:
    return ObjectiveValues(*(getattr(values, field.name).ravel()[places] for field in fields(values)))


def _joined(found: list[ComposedSets], num_candidates: int) -> ComposedSets:
    names = [field.name for field in fields(ObjectiveValues)]
    return ComposedSets(
        members=np.concatenate([np.zeros((0, num_candidates), dtype=np.bool_), *(f.members for f in found)]),
        values=ObjectiveValues(
            *(np.concatenate([np.zeros(0), *(getattr(f.values, name) for f in found)]) for name in names)
        ),
    )
