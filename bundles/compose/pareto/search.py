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

from bundles.compose.pareto.decoder import SetDecoder
from bundles.compose.pareto.front import Front, front_of
from bundles.compose.pareto.operators import DistinctSets, SetMating
from bundles.compose.sets import objective_values, satisfies
from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import BundleConstraints
from bundles.request.schemas import ObjectiveName


@dataclass(frozen=True)
class Effort:
    """Search budget: about `population` · `generations` sets are evaluated."""

    population: int = 100
    generations: int = 60
    seed: int = 0


STANDARD_EFFORT = Effort()


@dataclass(frozen=True)
class SearchResult:
    """The front that a search found."""

    front: Front
    num_evaluations: int
    """Number of sets that were evaluated, including those of the start."""


def find_front(
    shortlist: Shortlist,
    constraints: BundleConstraints,
    *,
    objectives: tuple[ObjectiveName, ...],
    known: NDArray[np.bool_],
    effort: Effort,
) -> SearchResult:
    """The Pareto front of all sets that the search evaluated.

    Args:
        shortlist: The candidates.
        constraints: Constraints on every set of the front.
        objectives: Objectives to maximise.
        known: Good sets to start from, completed by random ones, [K, P]; cut off at the population size.
        effort: Search budget.
    """
    decoder = SetDecoder(shortlist, constraints)
    problem = _SetProblem(shortlist, constraints, objectives)
    rng = np.random.default_rng(effort.seed)
    others = random_sets(
        decoder, shortlist, constraints, count=max(effort.population - len(known), 0), rng=rng
    )
    algorithm = NSGA2(
        pop_size=effort.population,
        sampling=np.concatenate([known[: effort.population], others]),
        mating=SetMating(decoder, num_fixed=shortlist.num_fixed),
        eliminate_duplicates=DistinctSets(),
        output=None,
    )
    algorithm.setup(problem, termination=("n_gen", effort.generations), seed=effort.seed)
    algorithm.run()
    return problem.result()


def random_sets(
    decoder: SetDecoder,
    shortlist: Shortlist,
    constraints: BundleConstraints,
    *,
    count: int,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Sets of random size and content within the constraints, [count, P]."""
    sizes = rng.integers(constraints.size_min, constraints.size_max + 1, size=count)
    return decoder.decode(rng.random((count, len(shortlist.items))), sizes)


class _SetProblem(Problem):  # type: ignore[misc]  # pymoo ships no types
    """Evaluates sets and keeps all of them; NSGA-II itself keeps only its population."""

    def __init__(
        self, shortlist: Shortlist, constraints: BundleConstraints, objectives: tuple[ObjectiveName, ...]
    ) -> None:
        num_candidates = len(shortlist.items)
        super().__init__(n_var=num_candidates, n_obj=len(objectives), n_ieq_constr=1, vtype=bool)
        self._shortlist, self._constraints, self._objectives = shortlist, constraints, objectives
        self._members = [np.zeros((0, num_candidates), dtype=np.bool_)]
        self._values = [np.zeros((0, len(objectives)))]
        self._num_evaluations = 0

    def _evaluate(self, x: NDArray[np.bool_], out: dict[str, Any], *_: object, **__: object) -> None:
        values = objective_values(
            self._shortlist, x, constraints=self._constraints, objectives=self._objectives
        )
        is_valid = satisfies(self._shortlist, x, constraints=self._constraints)
        self._members.append(x[is_valid])
        self._values.append(values[is_valid])
        self._num_evaluations += len(x)
        # pymoo minimises; above 0 is a violated constraint.
        out["F"], out["G"] = -values, ~is_valid[:, None] * 1.0

    def result(self) -> SearchResult:
        front = front_of(np.concatenate(self._members), np.concatenate(self._values))
        return SearchResult(front, self._num_evaluations)
