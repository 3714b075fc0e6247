"""Methods that find a front of one case, each with the number of sets that it measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from pymoo.util.ref_dirs import get_reference_directions  # type: ignore[import-untyped]  # ships no types

from benchmarks.pareto.cases import Case
from bundles.compose.beam import compose_sets
from bundles.compose.objectives import ObjectiveValues, compute_objectives
from bundles.compose.pareto.decoder import SetDecoder
from bundles.compose.pareto.front import Front, front_of
from bundles.compose.pareto.search import STANDARD_EFFORT, find_front, random_sets
from bundles.compose.pareto.starting import known_sets
from bundles.compose.sets import objective_values, satisfies
from bundles.request.schemas import Weights

#: Of Das & Dennis' (1998) even weights: 100 of two objectives, 105 of three.
PARTITIONS = {2: 99, 3: 13}
_BATCH = 50_000


@dataclass(frozen=True)
class Outcome:
    """A front, and the number of sets that were measured to find it."""

    front: Front
    num_evaluations: int


def served(case: Case) -> Outcome:
    """NSGA-II from sets of the beam search, as the planner runs it; the sets of the beam search count."""
    with counted_beams() as beams:
        known = known_sets(case.shortlist, case.resolved.constraints, case.objectives)
    found = _searched(case, known)
    return Outcome(found.front, found.num_evaluations + beams.num_evaluations)


def from_random_sets(case: Case) -> Outcome:
    """NSGA-II from random sets alone."""
    return _searched(case, np.zeros((0, len(case.shortlist.items)), dtype=np.bool_))


def weighted_sums(case: Case, *, max_evaluations: int | None = None) -> Outcome:
    """The best set of a beam search for each of about 100 weights.

    Under `max_evaluations` for as many as these allow, one at least.
    """
    best: list[NDArray[np.bool_]] = []
    with counted_beams() as beams:
        for weights in even_weights(case.objectives):
            each = beams.num_evaluations / max(len(best), 1)
            if max_evaluations is not None and beams.num_evaluations + each > max_evaluations:
                break
            sets = compose_sets(case.shortlist, case.resolved.constraints, weights=weights, num_kept=1)
            best.append(sets.members[sets.values.score.argmax()][None])
    return Outcome(_front(case, np.concatenate(best)), beams.num_evaluations)


def random_search(case: Case, *, num_evaluations: int, rng: np.random.Generator) -> Outcome:
    """Random sets, grown within the constraints like those that NSGA-II starts from."""
    shortlist, constraints = case.shortlist, case.resolved.constraints
    members = random_sets(
        SetDecoder(shortlist, constraints), shortlist, constraints, count=num_evaluations, rng=rng
    )
    return Outcome(_front(case, members), num_evaluations)


def exact(case: Case) -> Outcome:
    """All sets: for shortlists of about 100 and at most three added items."""
    shortlist, constraints = case.shortlist, case.resolved.constraints
    others = range(shortlist.num_fixed, len(shortlist.items))
    front, num_evaluations = _front(case, np.zeros((0, len(shortlist.items)), dtype=np.bool_)), 0
    for size in range(constraints.size_min, constraints.size_max + 1):
        added = np.array(list(combinations(others, size - shortlist.num_fixed)), dtype=np.int64)
        for part in np.array_split(added, -(-len(added) // _BATCH)):
            members = np.zeros((len(part), len(shortlist.items)), dtype=np.bool_)
            members[:, : shortlist.num_fixed] = True
            members[np.arange(len(part))[:, None], part] = True
            front = _front(case, np.concatenate([front.members, members]))
            num_evaluations += len(part)
    return Outcome(front, num_evaluations)


def even_weights(objectives: tuple[str, ...]) -> Iterator[Weights]:
    """Weights spread evenly: those that are nearest to equal first, then always the farthest from these."""
    lattice = np.asarray(
        get_reference_directions("das-dennis", len(objectives), n_partitions=PARTITIONS[len(objectives)])
    )
    rows = [int(np.linalg.norm(lattice - 1 / len(objectives), axis=1).argmin())]
    while len(rows) < len(lattice):
        gaps = np.linalg.norm(lattice[:, None] - lattice[rows], axis=2).min(axis=1)
        rows.append(int(gaps.argmax()))
    for row in rows:
        given = dict(zip(objectives, lattice[row].tolist(), strict=True))
        yield Weights(**{name: given.get(name, 0.0) for name in Weights.model_fields})


@dataclass
class Beams:
    """The effort of beam searches."""

    num_evaluations: int = 0
    """Sets that were measured: each state with each candidate added."""


@contextmanager
def counted_beams() -> Iterator[Beams]:
    """Count the sets that beam searches measure within the block."""
    beams = Beams()

    def counting(*arguments: object, **named: object) -> ObjectiveValues:
        values = compute_objectives(*arguments, **named)  # type: ignore[arg-type]  # handed on as they came
        beams.num_evaluations += values.score.size
        return values

    with patch("bundles.compose.beam.compute_objectives", counting):
        yield beams


def _searched(case: Case, known: NDArray[np.bool_]) -> Outcome:
    found = find_front(
        case.shortlist,
        case.resolved.constraints,
        objectives=case.objectives,
        known=known,
        effort=STANDARD_EFFORT,
    )
    return Outcome(found.front, found.num_evaluations)


def _front(case: Case, members: NDArray[np.bool_]) -> Front:
    members = members[satisfies(case.shortlist, members, constraints=case.resolved.constraints)]
    values = objective_values(
        case.shortlist, members, constraints=case.resolved.constraints, objectives=case.objectives
    )
    return front_of(members, values)
