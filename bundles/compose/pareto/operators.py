"""NSGA-II operators over sets: selection, crossover, mutation, repair, and removal of duplicates.

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

from bundles.compose.pareto.decoder import SetDecoder

#: Shares of children that lose an item, gain one, swap one, or stay as they are.
_DROP, _ADD, _SWAP, _LEAVE = 0.25, 0.25, 0.4, 0.1
#: Attempts to make new children when most are duplicates: few sets may satisfy the constraints.
_MAX_TRIES = 3


class SetMating(InfillCriterion):  # type: ignore[misc]  # pymoo ships no types
    """Children of two sets by uniform crossover, then mutation."""

    def __init__(self, decoder: SetDecoder, *, num_fixed: int) -> None:
        super().__init__(
            repair=RepairSets(decoder), eliminate_duplicates=DistinctSets(), n_max_iterations=_MAX_TRIES
        )
        self._num_fixed = num_fixed

    def _do(
        self, problem: object, pop: Any, n_offsprings: int, *, random_state: np.random.Generator, **_: object
    ) -> Any:
        members, violation, rank, crowding = pop.get("X", "CV", "rank", "crowding")
        best_first = np.lexsort((-_numbers(crowding, 0.0), _numbers(rank, np.inf), violation[:, 0]))
        order = np.empty(len(members), dtype=np.int64)
        order[best_first] = np.arange(len(members))
        parents = members[tournament(order, count=n_offsprings + n_offsprings % 2, rng=random_state)]
        children = crossover(parents[::2], parents[1::2], rng=random_state)
        return Population.new("X", mutate(children, num_fixed=self._num_fixed, rng=random_state))


class RepairSets(Repair):  # type: ignore[misc]  # pymoo ships no types
    """Repairs sets: their items in random order as far as they may be added, then other items."""

    def __init__(self, decoder: SetDecoder) -> None:
        super().__init__()
        self._decoder = decoder

    def _do(
        self, problem: object, members: NDArray[np.bool_], *, random_state: np.random.Generator, **_: object
    ) -> NDArray[np.bool_]:
        return self._decoder.decode(members + random_state.random(members.shape), members.sum(axis=1))


class DistinctSets(DuplicateElimination):  # type: ignore[misc]  # pymoo ships no types
    """Removes duplicate sets."""

    def _do(self, pop: Any, other: Any, is_duplicate: NDArray[np.bool_]) -> NDArray[np.bool_]:
        seen = set() if other is None else set(_keys(other))
        for row, key in enumerate(_keys(pop)):
            is_duplicate[row] |= key in seen
            seen.add(key)
        return is_duplicate


def tournament(order: NDArray[np.int64], *, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` rows by binary tournament; `order` [N] is 0 for the best row."""
    drawn = rng.integers(len(order), size=(count, 2))
    return np.where(order[drawn[:, 0]] <= order[drawn[:, 1]], drawn[:, 0], drawn[:, 1])


def crossover(
    first: NDArray[np.bool_], second: NDArray[np.bool_], *, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Two children of each pair, [2 · N, P]: items of one parent are in one child, items of both in both."""
    coin = rng.random(first.shape) < 0.5
    return np.concatenate([np.where(coin, first, second), np.where(coin, second, first)])


def mutate(members: NDArray[np.bool_], *, num_fixed: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """`members` [N, P], most with one item removed, added or both; the first `num_fixed` items stay."""
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
    """`values` as floats; pymoo leaves None for sets that it did not rank, as they violate a constraint."""
    return np.array([missing if value is None else value for value in values], dtype=np.float64)


def _keys(population: Any) -> list[bytes]:
    return [row.tobytes() for row in np.packbits(population.get("X"), axis=1)]
