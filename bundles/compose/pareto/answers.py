"""What is answered of a front: the body of `POST /v1/bundles/pareto`."""

from __future__ import annotations

from bundles.compose.pareto.requests import ObjectiveName
from bundles.present.answers import GeneratedBundle, ListAnswer, Share


class ParetoAnswer(ListAnswer):
    """A front: no bundle of it is at least as good as another on every objective, and better on one."""

    objectives: list[ObjectiveName]
    """What the bundles are compared on."""
    hypervolume: Share
    """Share of the unit cube of the objectives that the whole front dominates: 1 were one bundle perfect on
    all, 0 where an objective is 0 for all."""
    num_points: int
    """Bundles of the whole front."""
    num_evaluations: int
    """Sets that were looked at to find it."""
    bundles: list[GeneratedBundle]
    """At most `n` of the front, the best on the first objective first; `score` is the mean of the
    objectives."""
