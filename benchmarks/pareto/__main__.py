"""Hypervolume and time of the served front, beside weighted sums and random sets.

Run `python -m benchmarks.pareto --home HOME [--anchors 50] [--seed 0]` on a home with a model in service.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.pareto.cases import COST_SHARES, MIN_ANCHOR_BASKETS, SETTINGS, Case, CaseMaker, with_costs
from benchmarks.pareto.rivals import (
    Outcome,
    exact,
    from_random_sets,
    random_search,
    served,
    weighted_sums,
)
from benchmarks.results import markdown_table, write_section
from bundles.compose.pareto.search import STANDARD_EFFORT
from etl.errors import StageError
from gnn.registry import load_promoted

SERVED = "served: NSGA-II from sets of beam searches"
#: Sets of at most so many added items are all tried.
MAX_EXACT_ADDED = 3


@dataclass(frozen=True)
class Measured:
    """One method's front of one case."""

    hypervolume: float
    num_points: int
    num_evaluations: int
    seconds: float
    """Of processor time."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the section of the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pareto", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home with a model in service")
    parser.add_argument("--anchors", type=int, default=50, help="how many requests of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parsed = parser.parse_args(arguments)
    try:
        artifact = load_promoted(parsed.home / "models")
    except StageError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    planted = with_costs(artifact, rng=np.random.default_rng(parsed.seed))
    maker = CaseMaker(planted)
    body = [_note(artifact.info.model_version, has_costs=planted is artifact, anchors=parsed.anchors)]
    with threadpool_limits(limits=1):
        for setting in SETTINGS:
            rng = np.random.default_rng(parsed.seed)
            rows = [
                measure_case(case, seed=parsed.seed)
                for case in maker.make(setting, count=parsed.anchors, rng=rng)
            ]
            body += ["", f"{setting.name[0].upper()}{setting.name[1:]}: {', '.join(setting.objectives)}."]
            body += ["", *markdown_table(COLUMNS, table(rows))]
    sys.stdout.write("\n".join(body) + "\n")
    command = f"python -m benchmarks.pareto --home HOME --anchors {parsed.anchors} --seed {parsed.seed}"
    write_section("Pareto fronts", command, body)


def measure_case(case: Case, *, seed: int) -> dict[str, Measured]:
    """The front of `case` by each method."""
    ours = _timed(lambda: served(case))
    budget = ours.num_evaluations
    rng = np.random.default_rng(seed)
    found = {
        SERVED: ours,
        "NSGA-II from random sets": _timed(lambda: from_random_sets(case)),
        "weighted sums, as many sets as served": _timed(lambda: weighted_sums(case, max_evaluations=budget)),
        "about 100 weighted sums": _timed(lambda: weighted_sums(case)),
        "random sets, as many as served": _timed(
            lambda: random_search(case, num_evaluations=budget, rng=rng)
        ),
    }
    if case.resolved.constraints.size_max - case.shortlist.num_fixed <= MAX_EXACT_ADDED:
        found["all sets (exact)"] = _timed(lambda: exact(case))
    return found


COLUMNS = ["method", "hypervolume", "of the served one's", "points", "sets measured", "processor s"]


def table(rows: Sequence[dict[str, Measured]]) -> list[list[str]]:
    """A row a method: means over the cases `rows`, with 95 % intervals of hypervolume and of its ratio."""
    lines = []
    for method in rows[0]:
        ratios = [row[method].hypervolume / row[SERVED].hypervolume for row in rows]
        lines.append(
            [
                method,
                interval([row[method].hypervolume for row in rows]),
                interval(ratios),
                f"{np.mean([row[method].num_points for row in rows]):.0f}",
                f"{np.mean([row[method].num_evaluations for row in rows]):,.0f}",
                f"{np.mean([row[method].seconds for row in rows]):.2f}",
            ]
        )
    return lines


def interval(values: Sequence[float]) -> str:
    """Mean ± half the width of its 95 % interval, 1.96 · s / √n (normal approximation)."""
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{np.mean(values):.4f} ± {half:.4f}"


def _timed(method: Callable[[], Outcome]) -> Measured:
    started = time.process_time()
    outcome = method()
    seconds = time.process_time() - started
    return Measured(outcome.front.hypervolume, len(outcome.front.values), outcome.num_evaluations, seconds)


def _note(model_version: str, *, has_costs: bool, anchors: int) -> str:
    low, high = COST_SHARES
    planted = f"The shop gives no costs: these are planted, {low:.0%} to {high:.0%} of the price, evenly."
    costs = "Costs are the shop's." if has_costs else planted
    return (
        f"{anchors} requests of each kind to model {model_version}, each with one anchor that is in "
        f"{MIN_ANCHOR_BASKETS} baskets or more. {costs} Hypervolume: share of the unit cube that the front "
        f"dominates (reference: 0 on every objective), mean ± 95 % interval over the requests. Population "
        f"{STANDARD_EFFORT.population}, {STANDARD_EFFORT.generations} generations; sets that beam searches "
        "measure count wherever one runs."
    )


if __name__ == "__main__":
    main()
