"""Generate bundles for a request: resolve it, compose sets, select diverse ones, build the answer."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bundles.compose.beam import ComposedSets
from bundles.compose.composer import Composer
from bundles.compose.diversify import select_diverse
from bundles.compose.shortlist import Shortlist
from bundles.loaded_model import LoadedModel
from bundles.present.answer_builder import AnswerBuilder
from bundles.present.answers import GeneratedBundle, Source
from bundles.present.wording import Language
from bundles.request.resolve import RequestResolver
from bundles.request.schemas import MAX_BUNDLES, GenerateRequest
from bundles.request.visitor import VisitorContext
from bundles.rules.resolve import RuleResolver

#: Sets of each size to select from: at least, and for each requested bundle.
MIN_KEPT, KEPT_PER_BUNDLE = 64, 3


class BundleGenerator:
    """Composes bundles; the Pareto planner and the shop's own bundles share its parts."""

    def __init__(self, model: LoadedModel, *, rules: RuleResolver) -> None:
        self.model, self.composer, self.answers = model, Composer(model), AnswerBuilder(model)
        self.resolver = RequestResolver(model, has_pairs=self.composer.has_pairs, rules=rules)

    def generate(
        self,
        request: GenerateRequest,
        visitor: VisitorContext,
        *,
        now: datetime,
        language: Language,
        warnings: list[str],
    ) -> tuple[list[GeneratedBundle], Source | None]:
        """At most `request.n` bundles, best first, and their source; None means popularity alone.

        Adds to `warnings`, for example that no bundle was found or that a promotion is over.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        resolved = self.resolver.resolve(request, visitor, now=now, warnings=warnings)
        if request.weights.margin and not self.model.catalogue.has_costs:
            warnings.append("weights.margin: no item has a cost, so every margin is unknown and counts as 0")
        if request.validate_only:
            return [], resolved.source
        count = request.n or MAX_BUNDLES
        composed = self.composer.compose(
            resolved.constraints,
            resolved.preference,
            weights=request.weights,
            num_kept=max(MIN_KEPT, KEPT_PER_BUNDLE * count),
        )
        if composed is None:
            warnings.append(self.composer.explain_empty(resolved.constraints, resolved.preference))
            return [], resolved.source
        shortlist, sets = composed
        is_pinned = resolved.constraints.rules.have_verdict(shortlist.items, sets.members, "pinned")
        chosen = _select(shortlist, sets, count=count, diversity=request.diversity, is_pinned=is_pinned)
        if request.n is not None and len(chosen.members) < request.n:
            found = len(chosen.members)
            satisfy = "1 bundle satisfies" if found == 1 else f"{found} bundles satisfy"
            warnings.append(f"n: {satisfy} the request, {request.n} were requested")
        bundles = self.answers.build(
            shortlist, chosen, resolved=resolved, explain=request.explain, language=language
        )
        return bundles, resolved.source


def _select(
    shortlist: Shortlist, sets: ComposedSets, *, count: int, diversity: float, is_pinned: NDArray[np.bool_]
) -> ComposedSets:
    """At most `count` diverse `sets`: pinned ones first, then the others, each best first."""
    is_added = slice(shortlist.num_fixed, None)
    chosen = select_diverse(
        sets.members[:, is_added],
        sets.values.score,
        is_substitute=shortlist.is_substitute[is_added, is_added],
        count=count,
        diversity=diversity,
        is_first=is_pinned,
    )
    order = np.lexsort((-np.round(sets.values.score[chosen], 9), ~is_pinned[chosen]))
    return sets.at(chosen[order])
