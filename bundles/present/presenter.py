"""Sets of candidates as an answer shows them: named, priced and explained."""

from __future__ import annotations

import numpy as np

from bundles.catalogue import ItemCatalogue
from bundles.compose.beam import ComposedSets
from bundles.compose.objectives import ObjectiveValues
from bundles.compose.shortlist import Shortlist
from bundles.links import ItemLinks
from bundles.present.answers import BundleItem, GeneratedBundle, Objectives
from bundles.present.bundle_ids import bundle_id_of
from bundles.present.evidence import Evidence, gather_evidence
from bundles.present.pricing import price_bundle
from bundles.present.reasons import Explainer
from bundles.present.wording import Language, Wording, wording_in
from bundles.request.constraints import Rules
from bundles.request.reader import Asked
from bundles.rules.decided import UNDECIDED
from gnn.artifact.model import ModelArtifact
from gnn.scoring.seasons import SeasonLift


class BundlePresenter:
    """Presents bundles of the items of one artifact."""

    def __init__(
        self, artifact: ModelArtifact, *, catalogue: ItemCatalogue, links: ItemLinks, seasons: SeasonLift
    ) -> None:
        self._artifact, self._catalogue, self._links, self._seasons = artifact, catalogue, links, seasons
        self._explainer = Explainer(
            catalogue=catalogue, links=links, association_event=artifact.info.association_event
        )

    def present(
        self, shortlist: Shortlist, sets: ComposedSets, *, asked: Asked, explain: bool, language: Language
    ) -> list[GeneratedBundle]:
        """`sets` in their order, the first of rank 1; with reasons in `language` where `explain` is set."""
        evidence = None
        if explain:
            evidence = gather_evidence(
                shortlist.items[sets.members.any(axis=0)].tolist(),
                visit=asked.visit,
                rules=asked.rules,
                artifact=self._artifact,
                seasons=self._seasons,
                links=self._links,
            )
        wording = wording_in(language)
        return [
            self._bundle(row, shortlist, sets, rules=asked.rules, evidence=evidence, wording=wording)
            for row in range(len(sets.members))
        ]

    def _bundle(
        self,
        row: int,
        shortlist: Shortlist,
        sets: ComposedSets,
        *,
        rules: Rules,
        evidence: Evidence | None,
        wording: Wording,
    ) -> GeneratedBundle:
        places = np.flatnonzero(sets.members[row])
        items, num_anchors = shortlist.items[places].tolist(), len(rules.anchors)
        reasons = []
        if evidence is not None:
            reasons = self._explainer.explain(
                items, added=items[num_anchors:], evidence=evidence, wording=wording
            )
        word = rules.decided.sets.get(frozenset(items), UNDECIDED)
        return GeneratedBundle(
            rank=row + 1,
            bundle_id=bundle_id_of(map(self._catalogue.item_id, items)),
            title=word.title,
            decision=None if word.verdict == "rejected" else word.verdict,
            score=_share(sets.values.score[row]),
            objectives=_objectives(sets.values, row),
            weakest_link=_share(sets.values.weakest_link[row]),
            items=[self._item(item, is_anchor=place < num_anchors) for place, item in enumerate(items)],
            price=price_bundle(
                shortlist.price[places],
                shortlist.offer[places],
                shortlist.cost[places],
                policy=rules.discount,
                fixed_offer=word.offer,
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
