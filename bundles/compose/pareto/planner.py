"""Plan a campaign: from a request to the Pareto front of its objectives, as priced, explained bundles."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from bundles.compose.beam import ComposedSets
from bundles.compose.generate import BundleGenerator
from bundles.compose.pareto.schemas import ParetoRequest, ParetoUnavailableError
from bundles.compose.pareto.starting import broad_shortlist, known_sets
from bundles.compose.sets import equal_weights, measure_sets
from bundles.compose.shortlist import Shortlist
from bundles.present.answers import GeneratedBundle, Source
from bundles.present.wording import Language
from bundles.request.constraints import BundleConstraints
from bundles.request.resolve import ResolvedRequest
from bundles.request.schemas import ObjectiveName
from bundles.request.visitor import VisitorContext

if TYPE_CHECKING:
    from bundles.compose.pareto.search import SearchResult


class Plan(TypedDict):
    """The fields of `ParetoAnswer` without its header."""

    objectives: list[ObjectiveName]
    hypervolume: float
    num_points: int
    num_evaluations: int
    bundles: list[GeneratedBundle]


class ParetoPlanner:
    """Plans fronts; it resolves and composes as `generator` does."""

    def __init__(self, generator: BundleGenerator) -> None:
        self._resolver, self._composer = generator.resolver, generator.composer
        self._answers, self._catalogue = generator.answers, generator.model.catalogue

    def plan(
        self,
        request: ParetoRequest,
        visitor: VisitorContext,
        *,
        now: datetime,
        language: Language,
        warnings: list[str],
    ) -> tuple[Plan, Source | None]:
        """The front and its source; None means popularity alone. Adds to `warnings`.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
            ParetoUnavailableError: If pymoo is not installed.
        """
        resolved = self._resolver.resolve(request, visitor, now=now, warnings=warnings)
        objectives = request.objectives or self._default_objectives(resolved)
        if "margin" in objectives and not self._catalogue.has_costs:
            warnings.append("objectives: no item has a cost, so every margin is unknown and counts as 0")
        if request.validate_only:
            return _without_bundles(objectives), resolved.source
        shortlist = broad_shortlist(self._composer, resolved, objectives)
        known = None if shortlist is None else known_sets(shortlist, resolved.constraints, objectives)
        if shortlist is None or known is None or not len(known):
            warnings.append(self._composer.explain_empty(resolved.constraints, resolved.preference))
            return _without_bundles(objectives), resolved.source
        found = _search(shortlist, resolved.constraints, objectives=objectives, known=known)
        warnings += [
            f"objectives: {name} is 0 for every bundle: only the others matter, and the hypervolume is 0"
            for name, values in zip(objectives, found.front.values.T, strict=True)
            if not values.any() and (name != "margin" or self._catalogue.has_costs)
        ]
        shown = found.front.spread(request.n).members
        values = measure_sets(
            shortlist, shown, constraints=resolved.constraints, weights=equal_weights(objectives)
        )
        bundles = self._answers.build(
            shortlist,
            ComposedSets(shown, values),
            resolved=resolved,
            explain=request.explain,
            language=language,
        )
        plan: Plan = {
            "objectives": list(objectives),
            "hypervolume": round(found.front.hypervolume, 6),
            "num_points": len(found.front.members),
            "num_evaluations": found.num_evaluations,
            "bundles": bundles,
        }
        return plan, resolved.source

    def _default_objectives(self, resolved: ResolvedRequest) -> tuple[ObjectiveName, ...]:
        fit: tuple[ObjectiveName, ...] = () if resolved.preference.chances is None else ("user_fit",)
        return ("coherence", *fit, "margin" if self._catalogue.has_costs else "breadth")


def _search(
    shortlist: Shortlist,
    constraints: BundleConstraints,
    *,
    objectives: tuple[ObjectiveName, ...],
    known: NDArray[np.bool_],
) -> SearchResult:
    # Importing pymoo takes .6 s and 45 MB: only requests for a front pay for it.
    try:
        from bundles.compose.pareto.search import STANDARD_EFFORT, find_front
    except ModuleNotFoundError as error:
        raise ParetoUnavailableError from error
    return find_front(shortlist, constraints, objectives=objectives, known=known, effort=STANDARD_EFFORT)


def _without_bundles(objectives: tuple[ObjectiveName, ...]) -> Plan:
    return {
        "objectives": list(objectives),
        "hypervolume": 0.0,
        "num_points": 0,
        "num_evaluations": 0,
        "bundles": [],
    }
