"""Reasons for bundles: sentences whose numbers are counts in the graph.

`co_purchase` is `CO_PURCHASED` (baskets, lift), `category_pair` is `BOUGHT_WITH` (baskets, lift),
`season` is `Item.baskets_by_week` around the requested date, its lift shrunk (`gnn.scoring.seasons`);
`user_history` is `PURCHASED.count`, `promotion` is `OFFERS.discount` and the dates of its `Promotion`;
`popularity` counts the baskets that hold the item. Predictions of the model are in the score; they give no
reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from bundles.loaded_model import LoadedModel
from bundles.present.answers import Reason, ReasonKind, utc_text
from bundles.present.evidence import ReasonEvidence
from bundles.present.wording import Wording

MAX_PAIRS, MAX_CATEGORY_PAIRS = 5, 2
#: A smaller lift would read "1.0 times as often as by chance".
MIN_LIFT = 1.05
#: The same for two categories: counts of whole departments are large, and a lift near 1 means nothing.
MIN_CATEGORY_LIFT = 1.2


class ReasonBuilder:
    """Turns counts into reasons."""

    def __init__(self, model: LoadedModel) -> None:
        self._catalogue, self._links = model.catalogue, model.links
        self._event = model.artifact.info.association_event

    def build(
        self, items: Sequence[int], *, added: Sequence[int], evidence: ReasonEvidence, wording: Wording
    ) -> list[Reason]:
        """Reasons of one bundle, strongest kind first; every added item that was ever bought has one.

        Args:
            items: Item indices of the bundle.
            added: Those of them that are not anchors.
            evidence: Their counts.
            wording: The language of the sentences.
        """
        co_purchases = self._co_purchases(items, evidence, wording)
        reasons = [
            *co_purchases,
            *self._category_pairs(items, {frozenset(reason.items) for reason in co_purchases}, wording),
            *self._history(items, evidence, wording),
            *self._promotion(added, evidence, wording),
            *self._season(added, evidence, wording),
        ]
        explained = {item_id for reason in reasons for item_id in reason.items}
        return reasons + [
            self._popularity(item, wording)
            for item in added
            if self._catalogue.item_id(item) not in explained and self._catalogue.baskets[item] > 0
        ]

    def _reason(
        self, kind: ReasonKind, items: Sequence[int], text: str, **counts: int | float | str | None
    ) -> Reason:
        ids = [self._catalogue.item_id(item) for item in items]
        return Reason(kind=kind, items=ids, text=text, evidence=counts)

    def _co_purchases(self, items: Sequence[int], evidence: ReasonEvidence, wording: Wording) -> list[Reason]:
        beside = [(cart, item) for cart in evidence.cart if cart not in items for item in items]
        pairs = [
            (pair, *evidence.pairs[pair])
            for pair in [*combinations(items, 2), *beside]
            if pair in evidence.pairs and evidence.pairs[pair][1] >= MIN_LIFT
        ]
        pairs.sort(key=lambda entry: -entry[1] * math.log(entry[2]))
        return [
            self._reason(
                "co_purchase",
                pair,
                wording.co_purchase(self._event, baskets=baskets, lift=lift),
                baskets=baskets,
                lift=round(lift, 3),
            )
            for pair, baskets, lift in pairs[:MAX_PAIRS]
        ]

    def _category_pairs(
        self, items: Sequence[int], explained: set[frozenset[str]], wording: Wording
    ) -> list[Reason]:
        catalogue = self._catalogue
        found: dict[frozenset[int], Reason] = {}
        for pair in combinations(items, 2):
            roots = [int(catalogue.root[item]) for item in pair]
            if min(roots) < 0 or roots[0] == roots[1] or frozenset(roots) in found:
                continue
            count = self._links.category_count_of(*roots)
            is_explained = frozenset(catalogue.item_id(item) for item in pair) in explained
            if is_explained or count is None or count[1] < MIN_CATEGORY_LIFT:
                continue
            baskets, lift = count
            names = catalogue.category_name(roots[0]), catalogue.category_name(roots[1])
            found[frozenset(roots)] = self._reason(
                "category_pair",
                pair,
                wording.category_pair(self._event, names, baskets=baskets, lift=lift),
                baskets=baskets,
                lift=round(lift, 3),
                from_category=catalogue.category_id(roots[0]),
                to_category=catalogue.category_id(roots[1]),
            )
            if len(found) == MAX_CATEGORY_PAIRS:
                break
        return list(found.values())

    def _history(self, items: Sequence[int], evidence: ReasonEvidence, wording: Wording) -> list[Reason]:
        counts = {item: evidence.purchases[item] for item in items if item in evidence.purchases}
        return [
            self._reason("user_history", [item], wording.user_history(self._event, count=count), count=count)
            for item, count in counts.items()
        ]

    def _promotion(self, added: Sequence[int], evidence: ReasonEvidence, wording: Wording) -> list[Reason]:
        terms = evidence.promotion
        if terms is None:
            return []
        starts_at, ends_at = terms.starts_at, terms.ends_at
        shares = {item: terms.discounts[item] for item in added if item in terms.discounts}
        return [
            self._reason(
                "promotion",
                [item],
                wording.promotion(terms.name, starts_at=starts_at, ends_at=ends_at, discount=share),
                promotion_id=terms.promotion_id,
                discount=share if share >= 0 else None,
                starts_at=None if starts_at is None else utc_text(starts_at),
                ends_at=None if ends_at is None else utc_text(ends_at),
            )
            for item, share in shares.items()
        ]

    def _season(self, added: Sequence[int], evidence: ReasonEvidence, wording: Wording) -> list[Reason]:
        found = {item: evidence.seasons[item] for item in added if item in evidence.seasons}
        return [
            self._reason(
                "season",
                [item],
                wording.season(self._event, baskets=each.baskets, of_baskets=each.of_baskets, lift=each.lift),
                baskets=each.baskets,
                of_baskets=each.of_baskets,
                lift=round(each.lift, 3),
            )
            for item, each in found.items()
        ]

    def _popularity(self, item: int, wording: Wording) -> Reason:
        baskets = int(self._catalogue.baskets[item])
        return self._reason(
            "popularity", [item], wording.popularity(self._event, baskets=baskets), baskets=baskets
        )
