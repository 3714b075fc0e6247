"""From a request to bundles: candidates, then composition, then the selection of a few that differ."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.compose.beam import ComposedSets
from bundles.compose.composer import Composer
from bundles.compose.diversify import select_different
from bundles.compose.shortlist import Shortlist
from bundles.links import ItemLinks
from bundles.present.answers import GeneratedBundle, Source
from bundles.present.presenter import BundlePresenter
from bundles.present.wording import Language
from bundles.request.reader import RequestReader
from bundles.request.schemas import MAX_BUNDLES, GenerateRequest
from bundles.request.visitor import Visit
from bundles.rules.standing import StandingWord
from gnn.artifact.model import ModelArtifact
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.item_scores import ItemScores
from gnn.scoring.seasons import SeasonLift

#: Sets of each size that are kept for `select_different`, at least, and for each bundle asked for.
MIN_KEPT, KEPT_PER_BUNDLE = 64, 3


class BundleGenerator:
    """Composes bundles from the items of `artifact`."""

    def __init__(
        self,
        artifact: ModelArtifact,
        *,
        catalogue: ItemCatalogue,
        scorer: ItemScorer,
        scores: ItemScores,
        links: ItemLinks,
        seasons: SeasonLift,
        decisions: StandingWord,
    ) -> None:
        self._catalogue = catalogue
        self.composer = Composer(artifact, catalogue=catalogue, scorer=scorer, links=links, seasons=seasons)
        """What `bundles.pareto` composes with as well; so are `reader` and `presenter`."""
        self.reader = RequestReader(
            artifact,
            catalogue=catalogue,
            scorer=scorer,
            scores=scores,
            links=links,
            composer=self.composer,
            decisions=decisions,
        )
        self.presenter = BundlePresenter(artifact, catalogue=catalogue, links=links, seasons=seasons)

    def generate(
        self,
        request: GenerateRequest,
        visit: Visit,
        *,
        now: datetime,
        language: Language,
        warnings: list[str],
    ) -> tuple[list[GeneratedBundle], Source | None]:
        """At most `request.n` bundles, best first, and the path: none where only popularity is left.

        What the caller should know is added to `warnings`: an empty list, a promotion that does not run, and
        so on.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        asked = self.reader.read(request, visit, now=now, warnings=warnings)
        if request.weights.margin and not self._catalogue.has_costs:
            warnings.append("weights.margin: no item has a cost, so every margin is unknown and counts 0")
        if request.validate_only:
            return [], asked.source
        most = request.n or MAX_BUNDLES
        composed = self.composer.compose(
            asked.rules,
            asked.wish,
            weights=request.weights,
            num_kept=max(MIN_KEPT, KEPT_PER_BUNDLE * most),
        )
        if composed is None:
            warnings.append(self.composer.why_empty(asked.rules, asked.wish))
            return [], asked.source
        shortlist, sets = composed
        is_pinned = asked.rules.decided.have_verdict(shortlist.items, sets.members, "pinned")
        chosen = _best_that_differ(
            shortlist, sets, count=most, diversity=request.diversity, is_pinned=is_pinned
        )
        if request.n is not None and len(chosen.members) < request.n:
            found = len(chosen.members)
            satisfy = "1 bundle satisfies" if found == 1 else f"{found} bundles satisfy"
            warnings.append(f"n: {satisfy} the request, {request.n} were asked for")
        bundles = self.presenter.present(
            shortlist, chosen, asked=asked, explain=request.explain, language=language
        )
        return bundles, asked.source


def _best_that_differ(
    shortlist: Shortlist,
    sets: ComposedSets,
    *,
    count: int,
    diversity: float,
    is_pinned: NDArray[np.bool_],
) -> ComposedSets:
    """At most `count` of `sets`: pinned ones, then the others, each best first."""
    is_added = slice(shortlist.num_fixed, None)
    chosen = select_different(
        sets.members[:, is_added],
        sets.values.score,
        is_alike=shortlist.is_alike[is_added, is_added],
        count=count,
        diversity=diversity,
        is_first=is_pinned,
    )
    order = np.lexsort((-np.round(sets.values.score[chosen], 9), ~is_pinned[chosen]))
    return sets.at(chosen[order])
