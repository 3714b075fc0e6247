"""From a request to the front over its objectives, each bundle priced and explained."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.compose.beam import ComposedSets
from bundles.compose.generate import BundleGenerator
from bundles.compose.pareto.effort import STANDARD_EFFORT
from bundles.compose.pareto.errors import ParetoUnavailableError
from bundles.compose.pareto.requests import ObjectiveName, ParetoRequest
from bundles.compose.pareto.starting import broad_shortlist, known_sets
from bundles.compose.pareto.values import equal_weights
from bundles.compose.sets import measure_sets
from bundles.compose.shortlist import Shortlist
from bundles.present.answers import GeneratedBundle, Source
from bundles.present.wording import Language
from bundles.request.constraints import Rules
from bundles.request.reader import Asked
from bundles.request.visitor import Visit

if TYPE_CHECKING:
    from bundles.compose.pareto.search import Found


class Plan(TypedDict):
    """What `ParetoAnswer` says, but for its header."""

    objectives: list[ObjectiveName]
    hypervolume: float
    num_points: int
    num_evaluations: int
    bundles: list[GeneratedBundle]


class ParetoPlanner:
    """Plans with the items of `catalogue`, asking and composing as `generator` does."""

    def __init__(self, *, catalogue: ItemCatalogue, generator: BundleGenerator) -> None:
        self._reader, self._composer = generator.reader, generator.composer
        self._presenter = generator.presenter
        self._catalogue = catalogue

    def plan(
        self,
        request: ParetoRequest,
        visit: Visit,
        *,
        now: datetime,
        language: Language,
        warnings: list[str],
    ) -> tuple[Plan, Source | None]:
        """The front, and the path: none where only popularity is left.

        What the caller should know is added to `warnings`.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
            ParetoUnavailableError: If pymoo is not installed.
        """
        asked = self._reader.read(request, visit, now=now, warnings=warnings)
        objectives = request.objectives or self._default_objectives(asked)
        if "margin" in objectives and not self._catalogue.has_costs:
            warnings.append("objectives: no item has a cost, so every margin is unknown and counts 0")
        if request.validate_only:
            return _without_bundles(objectives), asked.source
        shortlist = broad_shortlist(self._composer, asked, objectives)
        known = None if shortlist is None else known_sets(shortlist, asked.rules, objectives)
        if shortlist is None or known is None or not len(known):
            warnings.append(self._composer.why_empty(asked.rules, asked.wish))
            return _without_bundles(objectives), asked.source
        found = _search(shortlist, asked.rules, objectives=objectives, known=known)
        warnings += [
            f"objectives: {name} is 0 for every bundle: the others decide, and the hypervolume is 0"
            for name, values in zip(objectives, found.front.values.T, strict=True)
            if not values.any() and (name != "margin" or self._catalogue.has_costs)
        ]
        shown = found.front.spread(request.n).members
        values = measure_sets(shortlist, shown, rules=asked.rules, weights=equal_weights(objectives))
        bundles = self._presenter.present(
            shortlist, ComposedSets(shown, values), asked=asked, explain=request.explain, language=language
        )
        plan: Plan = {
            "objectives": list(objectives),
            "hypervolume": round(found.front.hypervolume, 6),
            "num_points": len(found.front.members),
            "num_evaluations": found.num_evaluations,
            "bundles": bundles,
        }
        return plan, asked.source

    def _default_objectives(self, asked: Asked) -> tuple[ObjectiveName, ...]:
        fit: tuple[ObjectiveName, ...] = () if asked.wish.chances is None else ("user_fit",)
        return ("coherence", *fit, "margin" if self._catalogue.has_costs else "breadth")


def _search(
    shortlist: Shortlist, rules: Rules, *, objectives: tuple[ObjectiveName, ...], known: NDArray[np.bool_]
) -> Found:
    # pymoo takes .6 s and 45 MB to import: who never asks for a front does not pay for it.
    try:
        from bundles.compose.pareto.search import find_front
    except ModuleNotFoundError as error:
        raise ParetoUnavailableError from error
    return find_front(shortlist, rules, objectives=objectives, known=known, effort=STANDARD_EFFORT)


def _without_bundles(objectives: tuple[ObjectiveName, ...]) -> Plan:
    return {
        "objectives": list(objectives),
        "hypervolume": 0.0,
        "num_points": 0,
        "num_evaluations": 0,
        "bundles": [],
    }
