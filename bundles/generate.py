"""From a request to bundles: sets that satisfy its rules, the few that differ, each priced and explained."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from bundles.answers import BundleItem, GeneratedBundle, Objectives, Source
from bundles.catalogue import ItemCatalogue
from bundles.compose import ComposedSets
from bundles.composer import Composer, Wish
from bundles.context import Visit, item_query
from bundles.evidence import Evidence, gather_evidence, promotion_terms
from bundles.links import ItemLinks
from bundles.objectives import ObjectiveValues
from bundles.pricing import price_bundle
from bundles.reasons import Explainer
from bundles.requests import MAX_BUNDLES, GenerateRequest
from bundles.resolve import resolve_rules
from bundles.rules import Rules
from bundles.select import select_different
from bundles.shortlist import Shortlist
from bundles.wording import Language, Wording, wording_in
from gnn.artifact import ModelArtifact
from gnn.item_scores import ItemScores
from gnn.scorer import ItemScorer

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
    ) -> None:
        self._catalogue, self._scorer, self._scores, self._links = catalogue, scorer, scores, links
        self._artifact = artifact
        self._has_cost = bool(np.isfinite(artifact.catalogue.cost).any())
        self._composer = Composer(artifact, catalogue=catalogue, scorer=scorer, links=links)
        self._explainer = Explainer(
            catalogue=catalogue, links=links, association_event=artifact.info.association_event
        )

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
        rules = resolve_rules(
            request,
            catalogue=self._catalogue,
            promotions=self._artifact.promotions,
            cart=visit.cart,
            warnings=warnings,
        )
        self._warn_of_promotion(rules, now, warnings)
        if request.weights.margin and not self._has_cost:
            warnings.append("weights.margin: no item has a cost, so every margin is unknown and counts 0")
        wish, source = self._wish(request, rules, visit)
        if request.validate_only:
            return [], source
        composed = self._composer.compose(rules, wish)
        if composed is None:
            warnings.append(self._composer.why_empty(rules, wish))
            return [], source
        shortlist, sets = composed
        chosen = select_different(
            sets.members[:, shortlist.num_fixed :],
            sets.values.score,
            is_alike=shortlist.is_alike[shortlist.num_fixed :, shortlist.num_fixed :],
            count=request.n or MAX_BUNDLES,
            diversity=request.diversity,
        )
        if request.n is not None and len(chosen) < request.n:
            found = "1 bundle satisfies" if len(chosen) == 1 else f"{len(chosen)} bundles satisfy"
            warnings.append(f"n: {found} the request, {request.n} were asked for")
        ranked = chosen[np.argsort(-np.round(sets.values.score[chosen], 9), kind="stable")]
        evidence = None
        if request.explain:
            evidence = gather_evidence(
                shortlist.items[sets.members[ranked].any(axis=0)].tolist(),
                visit=visit,
                promotion=rules.promotion,
                artifact=self._artifact,
                links=self._links,
            )
        bundles = [
            self._bundle(
                rank,
                int(row),
                shortlist,
                sets,
                num_anchors=len(rules.anchors),
                evidence=evidence,
                wording=wording_in(language),
            )
            for rank, row in enumerate(ranked, start=1)
        ]
        return bundles, source

    def _wish(self, request: GenerateRequest, rules: Rules, visit: Visit) -> tuple[Wish, Source | None]:
        beside = tuple(dict.fromkeys([*rules.fixed, *visit.cart]))
        query, source = item_query(beside, visit, links=self._links, scorer=self._scorer)
        context = rules.fixed or (*visit.recent, *visit.cart)
        if source is None and not context and self._composer.has_pairs:
            source = "gnn"
        wish = Wish(
            weights=request.weights,
            scores=self._scores.first_stage([query])[0] if source else None,
            context=context,
            num_kept=max(MIN_KEPT, KEPT_PER_BUNDLE * (request.n or MAX_BUNDLES)),
        )
        return wish, source

    def _warn_of_promotion(self, rules: Rules, now: datetime, warnings: list[str]) -> None:
        if rules.promotion is None:
            return
        terms = promotion_terms(self._artifact.promotions, rules.promotion)
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

    def _bundle(
        self,
        rank: int,
        row: int,
        shortlist: Shortlist,
        sets: ComposedSets,
        *,
        num_anchors: int,
        evidence: Evidence | None,
        wording: Wording,
    ) -> GeneratedBundle:
        places = np.flatnonzero(sets.members[row])
        items = shortlist.items[places].tolist()
        reasons = []
        if evidence is not None:
            reasons = self._explainer.explain(
                items, added=items[num_anchors:], evidence=evidence, wording=wording
            )
        return GeneratedBundle(
            rank=rank,
            score=round(float(sets.values.score[row]), 6),
            objectives=_objectives(sets.values, row),
            items=[self._item(item, is_anchor=place < num_anchors) for place, item in enumerate(items)],
            price=price_bundle(
                shortlist.price[places],
                shortlist.offer[places],
                digits=self._catalogue.digits,
            ),
            reasons=reasons,
        )

    def _item(self, item: int, *, is_anchor: bool) -> BundleItem:
        return BundleItem(
            item_id=self._catalogue.item_id(item),
            title=self._catalogue.title(item),
            category=self._catalogue.category_path(item),
            price=self._catalogue.price_of(item),
            role="anchor" if is_anchor else "added",
        )


def _objectives(values: ObjectiveValues, row: int) -> Objectives:
    margin = float(values.margin[row])
    return Objectives(
        coherence=_share(values.coherence[row]),
        user_fit=_share(values.user_fit[row]),
        breadth=_share(values.breadth[row]),
        margin=None if np.isnan(margin) else _share(margin),
        discount=_share(values.discount[row]),
    )


def _share(value: float) -> float:
    """Six digits are shown; sums of float error stay within [0, 1]."""
    return round(min(max(float(value), 0.0), 1.0), 6)
