"""What NSGA-II needs to know of sets: how two make others, how these are mended, and when two are one.

Each operator works on all sets at once. Rows are sets, columns candidates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.duplicate import DuplicateElimination  # type: ignore[import-untyped]  # ships no types
from pymoo.core.infill import InfillCriterion  # type: ignore[import-untyped]  # ships no types
from pymoo.core.population import Population  # type: ignore[import-untyped]  # ships no types
from pymoo.core.repair import Repair  # type: ignore[import-untyped]  # ships no types

from bundles.compose.pareto.growing import SetGrower

#: Shares of the children that are changed by one item taken out, one put in, both, or none.
_DROP, _ADD, _SWAP, _LEAVE = 0.25, 0.25, 0.4, 0.1
#: How often children are made again where most are already known: the sets that satisfy the rules may be few.
_MAX_TRIES = 3


class SetMating(InfillCriterion):  # type: ignore[misc]  # pymoo ships no types
    """Children of two sets each: what both have, and of what one has each by a coin; then mutated."""

    def __init__(self, grower: SetGrower, *, num_fixed: int) -> None:
        super().__init__(
            repair=GrowAgain(grower), eliminate_duplicates=DistinctSets(), n_max_iterations=_MAX_TRIES
        )
        self._num_fixed = num_fixed

    def _do(
        self, problem: object, pop: Any, n_offsprings: int, *, random_state: np.random.Generator, **_: object
    ) -> Any:
        members, violation, rank, crowding = pop.get("X", "CV", "rank", "crowding")
        best_first = np.lexsort((-_numbers(crowding, 0.0), _numbers(rank, np.inf), violation[:, 0]))
        order = np.empty(len(members), dtype=np.int64)
        order[best_first] = np.arange(len(members))
        parents = members[winners(order, count=n_offsprings + n_offsprings % 2, rng=random_state)]
        children = crossed(parents[::2], parents[1::2], rng=random_state)
        return Population.new("X", mutated(children, num_fixed=self._num_fixed, rng=random_state))


class GrowAgain(Repair):  # type: ignore[misc]  # pymoo ships no types
    """Sets that break the rules, mended: their items in random order as far as they may join, then others."""

    def __init__(self, grower: SetGrower) -> None:
        super().__init__()
        self._grower = grower

    def _do(
        self, problem: object, members: NDArray[np.bool_], *, random_state: np.random.Generator, **_: object
    ) -> NDArray[np.bool_]:
        return self._grower.grow(members + random_state.random(members.shape), members.sum(axis=1))


class DistinctSets(DuplicateElimination):  # type: ignore[misc]  # pymoo ships no types
    """Each set once."""

    def _do(self, pop: Any, other: Any, is_duplicate: NDArray[np.bool_]) -> NDArray[np.bool_]:
        seen = set() if other is None else set(_keys(other))
        for row, key in enumerate(_keys(pop)):
            is_duplicate[row] |= key in seen
            seen.add(key)
        return is_duplicate


def winners(order: NDArray[np.int64], *, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` rows, each the better of two drawn at random; `order` [N] is 0 for the best row."""
    drawn = rng.integers(len(order), size=(count, 2))
    return np.where(order[drawn[:, 0]] <= order[drawn[:, 1]], drawn[:, 0], drawn[:, 1])


def crossed(
    mothers: NDArray[np.bool_], fathers: NDArray[np.bool_], *, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Two children a pair, [2 · N, P]: what a parent has is in one of them, what both have in both."""
    coin = rng.random(mothers.shape) < 0.5
    return np.concatenate([np.where(coin, mothers, fathers), np.where(coin, fathers, mothers)])


def mutated(members: NDArray[np.bool_], *, num_fixed: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Most of `members` [N, P] with one item out, one in, or both; the first `num_fixed` items stay."""
    kind = rng.choice(4, size=len(members), p=(_DROP, _ADD, _SWAP, _LEAVE))
    key = rng.random(members.shape)
    key[:, :num_fixed] = -1.0
    loses, gains = np.flatnonzero((kind == 0) | (kind == 2)), np.flatnonzero((kind == 1) | (kind == 2))
    changed = members.copy()
    changed[loses, np.where(members, key, -1.0).argmax(axis=1)[loses]] = False
    changed[gains, np.where(members, -1.0, key).argmax(axis=1)[gains]] = True
    changed[:, :num_fixed] = True
    return changed


def _numbers(values: NDArray[Any], missing: float) -> NDArray[np.float64]:
    """Where a set was not ranked, since it breaks the rules, pymoo leaves None."""
    return np.array([missing if value is None else value for value in values], dtype=np.float64)


def _keys(population: Any) -> list[bytes]:
    return [row.tobytes() for row in np.packbits(population.get("X"), axis=1)]
