"""The requests for fronts: anchors of a shop, each in several kinds of request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from bundles.compose.generate import BundleGenerator
from bundles.compose.pareto.schemas import ParetoRequest
from bundles.compose.pareto.starting import broad_shortlist, known_sets
from bundles.compose.shortlist import Shortlist
from bundles.loaded_model import LoadedModel
from bundles.request.resolve import ResolvedRequest
from bundles.request.schemas import ObjectiveName
from bundles.request.visitor import VisitorContext
from bundles.rules.decisions import NO_RULES
from bundles.rules.resolve import RuleResolver
from bundles.rules.targets import DecisionTargets
from gnn.artifact.model import ModelArtifact

#: Anchors are items in so many baskets or more.
MIN_ANCHOR_BASKETS = 100
#: Planted costs are a share of the price between these two, drawn evenly.
COST_SHARES = (0.4, 0.9)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass(frozen=True)
class Setting:
    """A kind of request."""

    name: str
    objectives: tuple[ObjectiveName, ...]
    body: dict[str, object]
    """The fields of a request other than anchors and objectives."""


SETTINGS = (
    Setting("two objectives, 2 to 4 items", ("coherence", "margin"), {}),
    Setting("three objectives, 2 to 4 items", ("coherence", "user_fit", "margin"), {}),
    Setting(
        "three objectives, 3 to 6 items for at most 25.00 from at least 2 departments",
        ("coherence", "user_fit", "margin"),
        {"size": {"min": 3, "max": 6}, "constraints": {"price_max": 25.0, "min_categories": 2}},
    ),
)


@dataclass(frozen=True)
class Case:
    """One request, as the search sees it."""

    shortlist: Shortlist
    resolved: ResolvedRequest
    objectives: tuple[ObjectiveName, ...]


class CaseMaker:
    """Makes cases of one artifact."""

    def __init__(self, artifact: ModelArtifact) -> None:
        model = LoadedModel.of(artifact)
        self._catalogue = model.catalogue
        rules = RuleResolver(lambda: NO_RULES, targets=DecisionTargets(artifact, catalogue=self._catalogue))
        self._generator = BundleGenerator(model, rules=rules)

    def make(self, setting: Setting, *, count: int, rng: np.random.Generator) -> Iterator[Case]:
        """`count` cases with an anchor each, of those that at least one bundle satisfies."""
        catalogue = self._catalogue
        may_anchor = (catalogue.baskets >= MIN_ANCHOR_BASKETS) & (catalogue.price > 0) & catalogue.in_stock
        made = 0
        for item in rng.permutation(np.flatnonzero(may_anchor)).tolist():
            if made == count:
                return
            case = self._case(setting, catalogue.item_id(item))
            if case is not None:
                made += 1
                yield case

    def _case(self, setting: Setting, anchor: str) -> Case | None:
        request = ParetoRequest.model_validate({**setting.body, "anchors": [anchor]})
        visitor = VisitorContext(cart=(), recent=(), user_index=None)
        resolved = self._generator.resolver.resolve(request, visitor, now=NOW, warnings=[])
        shortlist = broad_shortlist(self._generator.composer, resolved, setting.objectives)
        if shortlist is None or not len(known_sets(shortlist, resolved.constraints, setting.objectives)):
            return None
        return Case(shortlist, resolved, setting.objectives)


def with_costs(artifact: ModelArtifact, *, rng: np.random.Generator) -> ModelArtifact:
    """`artifact`, with planted costs where it has none at all."""
    catalogue = artifact.catalogue
    if np.isfinite(catalogue.cost).any():
        return artifact
    cost = catalogue.price * rng.uniform(*COST_SHARES, size=len(catalogue.price))
    return replace(artifact, catalogue=replace(catalogue, cost=cost))
