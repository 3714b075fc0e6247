"""How much a front is searched for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """About `population` · `generations` sets are looked at."""

    population: int = 100
    generations: int = 60
    seed: int = 0


STANDARD_EFFORT = Effort()
