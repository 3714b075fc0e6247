"""What a request asks for, in indices: its rules, what the visit makes likely, and by which path that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bundles.catalogue import ItemCatalogue
from bundles.compose.composer import Composer, Wish
from bundles.links import ItemLinks
from bundles.present.answers import Source
from bundles.present.evidence import promotion_terms
from bundles.request.constraints import Rules
from bundles.request.resolve import resolve_rules
from bundles.request.schemas import ComposeRequest
from bundles.request.visitor import Visit, item_query
from bundles.rules.standing import StandingWord
from gnn.artifact.model import ModelArtifact
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.item_scores import ItemScores


@dataclass(frozen=True)
class Asked:
    """A request that is not wrong on its face."""

    rules: Rules
    wish: Wish
    visit: Visit
    source: Source | None
    """None where only popularity is left."""


class RequestReader:
    """Reads requests against one artifact."""

    def __init__(
        self,
        artifact: ModelArtifact,
        *,
        catalogue: ItemCatalogue,
        scorer: ItemScorer,
        scores: ItemScores,
        links: ItemLinks,
        composer: Composer,
        decisions: StandingWord,
    ) -> None:
        self._catalogue, self._scorer, self._scores, self._links = catalogue, scorer, scores, links
        self._promotions, self._composer, self._decisions = artifact.promotions, composer, decisions
        self._seasons = artifact.seasons

    def read(self, request: ComposeRequest, visit: Visit, *, now: datetime, warnings: list[str]) -> Asked:
        """What `request` asks for; what the caller should know is added to `warnings`.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        return self.asked(self.rules(request, visit, now=now, warnings=warnings), visit)

    def rules(self, request: ComposeRequest, visit: Visit, *, now: datetime, warnings: list[str]) -> Rules:
        """What every bundle must satisfy: the first half of `read`, and all of it that can fail or warn.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        rules = resolve_rules(
            request,
            catalogue=self._catalogue,
            promotions=self._promotions,
            cart=visit.cart,
            decided=self._decisions.decided(),
            warnings=warnings,
        )
        self._warn_of_promotion(rules, now, warnings)
        self._warn_of_unknown(rules, warnings)
        return rules

    def asked(self, rules: Rules, visit: Visit) -> Asked:
        """What is wished for under `rules`: the costly half of `read`, which looks at every ranked item."""
        beside = tuple(dict.fromkeys([*rules.fixed, *visit.cart]))
        query, source = item_query(beside, visit, links=self._links, scorer=self._scorer)
        context = rules.fixed or (*visit.recent, *visit.cart)
        chances = None if source is None else self._scores.chances(query)
        if source is None and not context and self._composer.has_pairs:
            source = "gnn"
        return Asked(rules, Wish(chances, context), visit, source)

    def _warn_of_unknown(self, rules: Rules, warnings: list[str]) -> None:
        if rules.discount.margin_floor is not None and not self._catalogue.has_costs:
            warnings.append("discount.margin_floor: no item has a cost, so no bundle gets a discount")
        if rules.event_week is not None and not len(self._seasons.item):
            warnings.append("constraints.event_date: no item was bought often enough to have a season")

    def _warn_of_promotion(self, rules: Rules, now: datetime, warnings: list[str]) -> None:
        if rules.promotion is None:
            return
        terms = promotion_terms(self._promotions, rules.promotion)
        if terms.ends_at is not None and now > terms.ends_at:
            warnings.append(
                f"constraints.promotion_id: {terms.promotion_id!r} ended on {terms.ends_at:%Y-%m-%d}, "
                "honoured as asked"
            )
        if terms.starts_at is not None and now < terms.starts_at:
            warnings.append(
                f"constraints.promotion_id: {terms.promotion_id!r} begins on {terms.starts_at:%Y-%m-%d}, "
                "honoured as asked"
            )
