"""Build the bundles of an answer from sets of candidates: titles, prices and reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from bundles.compose.beam import ComposedSets
from bundles.compose.objectives import ObjectiveValues
from bundles.compose.shortlist import Shortlist
from bundles.loaded_model import LoadedModel
from bundles.present.answers import BundleItem, GeneratedBundle, Objectives
from bundles.present.evidence import ReasonEvidence, gather_evidence
from bundles.present.pricing import price_bundle
from bundles.present.reasons import ReasonBuilder
from bundles.present.wording import Language, Wording, wording_in
from bundles.request.constraints import BundleConstraints
from bundles.request.resolve import ResolvedRequest
from bundles.rules.active import NO_BUNDLE_RULE


class AnswerBuilder:
    """Builds the bundles of the answers of one model."""

    def __init__(self, model: LoadedModel) -> None:
        self._model, self._catalogue, self._reasons = model, model.catalogue, ReasonBuilder(model)

    def build(
        self,
        shortlist: Shortlist,
        sets: ComposedSets,
        *,
        resolved: ResolvedRequest,
        explain: bool,
        language: Language,
    ) -> list[GeneratedBundle]:
        """`sets` as bundles in the same order, ranked from 1; with reasons in `language` if `explain`."""
        evidence = None
        if explain:
            items = shortlist.items[sets.members.any(axis=0)].tolist()
            evidence = gather_evidence(items, resolved, self._model)
        wording = wording_in(language)
        return [
            self._bundle(
                row, shortlist, sets, constraints=resolved.constraints, evidence=evidence, wording=wording
            )
            for row in range(len(sets.members))
        ]

    def _bundle(
        self,
        row: int,
        shortlist: Shortlist,
        sets: ComposedSets,
        *,
        constraints: BundleConstraints,
        evidence: ReasonEvidence | None,
        wording: Wording,
    ) -> GeneratedBundle:
        places = np.flatnonzero(sets.members[row])
        items, num_anchors = shortlist.items[places].tolist(), len(constraints.anchors)
        reasons = []
        if evidence is not None:
            reasons = self._reasons.build(
                items, added=items[num_anchors:], evidence=evidence, wording=wording
            )
        rule = constraints.rules.bundles.get(frozenset(items), NO_BUNDLE_RULE)
        return GeneratedBundle(
            rank=row + 1,
            bundle_id=bundle_id_of(map(self._catalogue.item_id, items)),
            title=rule.title,
            decision=None if rule.verdict == "rejected" else rule.verdict,
            score=_share(sets.values.score[row]),
            objectives=_objectives(sets.values, row),
            weakest_link=_share(sets.values.weakest_link[row]),
            items=[self._item(item, is_anchor=place < num_anchors) for place, item in enumerate(items)],
            price=price_bundle(
                shortlist.price[places],
                shortlist.offer[places],
                shortlist.cost[places],
                policy=constraints.discount,
                fixed_offer=rule.offer,
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


def bundle_id_of(item_ids: Iterable[str]) -> str:
    """`b-` and the first 16 hex characters of SHA-256(sorted item ids, one a line, UTF-8).

    The probability that two of a million bundles share an id is 3e-8 (birthday bound, 64 bits).
    """
    text = "\n".join(sorted(item_ids))
    return "b-" + hashlib.sha256(text.encode()).hexdigest()[:16]


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
    """Six digits, clipped to [0, 1], which float errors of sums may exceed."""
    return round(min(max(float(value), 0.0), 1.0), 6)
