"""NSGA-II over sets of candidates (Deb, Pratap, Agarwal & Meyarivan 2002), by pymoo.

Generations are counted, not timed: the same request has the same front, however busy the machine is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga2 import NSGA2  # type: ignore[import-untyped]  # ships no types
from pymoo.core.problem import Problem  # type: ignore[import-untyped]  # ships no types

from bundles.compose.pareto.effort import Effort
from bundles.compose.pareto.front import Front, front_of
from bundles.compose.pareto.growing import SetGrower
from bundles.compose.pareto.operators import DistinctSets, SetMating
from bundles.compose.pareto.requests import ObjectiveName
from bundles.compose.pareto.values import objective_values
from bundles.compose.sets import satisfies
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import Rules


@dataclass(frozen=True)
class Found:
    """What a search found."""

    front: Front
    num_evaluations: int
    """Sets that were measured, those that it started from included."""


def find_front(
    shortlist: Shortlist,
    rules: Rules,
    *,
    objectives: tuple[ObjectiveName, ...],
    known: NDArray[np.bool_],
    effort: Effort,
) -> Found:
    """The front of all sets that the search looked at.

    Args:
        shortlist: The candidates.
        rules: What every set of the front satisfies.
        objectives: Each is to be as great as can be.
        known: Good sets to start from, beside random ones, [K, P]; more than the population are cut off.
        effort: How much to search.
    """
    grower = SetGrower(shortlist, rules)
    problem = _SetProblem(shortlist, rules, objectives)
    rng = np.random.default_rng(effort.seed)
    others = random_sets(grower, shortlist, rules, count=max(effort.population - len(known), 0), rng=rng)
    algorithm = NSGA2(
        pop_size=effort.population,
        sampling=np.concatenate([known[: effort.population], others]),
        mating=SetMating(grower, num_fixed=shortlist.num_fixed),
        eliminate_duplicates=DistinctSets(),
        output=None,
    )
    algorithm.setup(problem, termination=("n_gen", effort.generations), seed=effort.seed)
    algorithm.run()
    return problem.found()


def random_sets(
    grower: SetGrower, shortlist: Shortlist, rules: Rules, *, count: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Sets of random size and content, as far as the rules leave it open, [count, P]."""
    sizes = rng.integers(rules.size_min, rules.size_max + 1, size=count)
    return grower.grow(rng.random((count, len(shortlist.items))), sizes)


class _SetProblem(Problem):  # type: ignore[misc]  # pymoo ships no types
    """Measures sets, and keeps them: NSGA-II itself keeps no more than its population."""

    def __init__(self, shortlist: Shortlist, rules: Rules, objectives: tuple[ObjectiveName, ...]) -> None:
        num_candidates = len(shortlist.items)
        super().__init__(n_var=num_candidates, n_obj=len(objectives), n_ieq_constr=1, vtype=bool)
        self._shortlist, self._rules, self._objectives = shortlist, rules, objectives
        self._members = [np.zeros((0, num_candidates), dtype=np.bool_)]
        self._values = [np.zeros((0, len(objectives)))]
        self._num_evaluations = 0

    def _evaluate(self, x: NDArray[np.bool_], out: dict[str, Any], *_: object, **__: object) -> None:
        values = objective_values(self._shortlist, x, rules=self._rules, objectives=self._objectives)
        is_valid = satisfies(self._shortlist, x, rules=self._rules)
        self._members.append(x[is_valid])
        self._values.append(values[is_valid])
        self._num_evaluations += len(x)
        # pymoo makes all as small as can be; above 0 is a broken rule.
        out["F"], out["G"] = -values, ~is_valid[:, None] * 1.0

    def found(self) -> Found:
        front = front_of(np.concatenate(self._members), np.concatenate(self._values))
        return Found(front, self._num_evaluations)
