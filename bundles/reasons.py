"""Why a bundle: sentences whose every number is a count that stands in the graph.

`co_purchase` is `CO_PURCHASED` (baskets, lift), `category_pair` is `BOUGHT_WITH` (baskets, lift),
`user_history` is `PURCHASED.count`, `promotion` is `OFFERS.discount` and the dates of its `Promotion`;
`popularity` counts the baskets that hold the item. What the model merely predicts is in the score, and gives
no reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from bundles.answers import Reason, utc_text
from bundles.catalogue import ItemCatalogue
from bundles.evidence import Evidence, PromotionTerms
from bundles.links import ItemLinks

MAX_PAIRS, MAX_CATEGORY_PAIRS = 5, 2
#: What the counts count, by the event of the shop's associations.
VERBS = {
    "purchase": "bought",
    "cart": "put in carts",
    "favourite": "marked as favourites",
    "view": "viewed",
}
#: Below it, "1.0 times as often as by chance" would be no reason.
MIN_LIFT = 1.05


class Explainer:
    """Puts evidence into words."""

    def __init__(self, *, catalogue: ItemCatalogue, links: ItemLinks, association_event: str) -> None:
        self._catalogue, self._links = catalogue, links
        self._verb = VERBS[association_event]

    def explain(self, items: Sequence[int], *, added: Sequence[int], evidence: Evidence) -> list[Reason]:
        """Reasons of one bundle, the strongest kind first; every added item that was ever bought has one.

        Args:
            items: Item indices of the bundle.
            added: Those of them that are no anchors.
            evidence: What was counted of them.
        """
        co_purchases = self._co_purchases(items, evidence)
        reasons = [
            *co_purchases,
            *self._category_pairs(items, {frozenset(reason.items) for reason in co_purchases}),
            *self._history(items, evidence),
            *self._promotion(added, evidence),
        ]
        explained = {item_id for reason in reasons for item_id in reason.items}
        return reasons + [
            self._popularity(item)
            for item in added
            if self._catalogue.item_id(item) not in explained and self._catalogue.baskets[item] > 0
        ]

    def _co_purchases(self, items: Sequence[int], evidence: Evidence) -> list[Reason]:
        beside = [(cart, item) for cart in evidence.cart if cart not in items for item in items]
        pairs = [
            (pair, *evidence.pairs[pair])
            for pair in [*combinations(items, 2), *beside]
            if pair in evidence.pairs and evidence.pairs[pair][1] >= MIN_LIFT
        ]
        pairs.sort(key=lambda entry: -entry[1] * math.log(entry[2]))
        return [
            Reason(
                kind="co_purchase",
                items=[self._catalogue.item_id(item) for item in pair],
                text=f"{self._verb.capitalize()} together in {_baskets(baskets)}, "
                f"{lift:.1f} times as often as by chance",
                evidence={"baskets": baskets, "lift": round(lift, 3)},
            )
            for pair, baskets, lift in pairs[:MAX_PAIRS]
        ]

    def _category_pairs(self, items: Sequence[int], explained: set[frozenset[str]]) -> list[Reason]:
        catalogue = self._catalogue
        found: dict[frozenset[int], Reason] = {}
        for pair in combinations(items, 2):
            roots = [int(catalogue.root[item]) for item in pair]
            if min(roots) < 0 or roots[0] == roots[1] or frozenset(roots) in found:
                continue
            ids = [catalogue.item_id(item) for item in pair]
            count = self._links.category_count_of(*roots)
            if frozenset(ids) in explained or count is None or count[1] < MIN_LIFT:
                continue
            baskets, lift = count
            names = " and ".join(catalogue.category_name(root) for root in roots)
            found[frozenset(roots)] = Reason(
                kind="category_pair",
                items=ids,
                text=f"{names} are {self._verb} together in {_baskets(baskets)}, "
                f"{lift:.1f} times as often as by chance",
                evidence={
                    "baskets": baskets,
                    "lift": round(lift, 3),
                    "from_category": catalogue.category_id(roots[0]),
                    "to_category": catalogue.category_id(roots[1]),
                },
            )
            if len(found) == MAX_CATEGORY_PAIRS:
                break
        return list(found.values())

    def _history(self, items: Sequence[int], evidence: Evidence) -> list[Reason]:
        return [
            Reason(
                kind="user_history",
                items=[self._catalogue.item_id(item)],
                text=f"{self._verb.capitalize()} {_times(evidence.purchases[item])} by this customer",
                evidence={"count": evidence.purchases[item]},
            )
            for item in items
            if item in evidence.purchases
        ]

    def _promotion(self, added: Sequence[int], evidence: Evidence) -> list[Reason]:
        terms = evidence.promotion
        if terms is None:
            return []
        return [
            Reason(
                kind="promotion",
                items=[self._catalogue.item_id(item)],
                text=_promotion_text(terms, terms.discounts[item]),
                evidence={
                    "promotion_id": terms.promotion_id,
                    "discount": terms.discounts[item] if terms.discounts[item] >= 0 else None,
                    "starts_at": terms.starts_at and utc_text(terms.starts_at),
                    "ends_at": terms.ends_at and utc_text(terms.ends_at),
                },
            )
            for item in added
            if item in terms.discounts
        ]

    def _popularity(self, item: int) -> Reason:
        baskets = int(self._catalogue.baskets[item])
        return Reason(
            kind="popularity",
            items=[self._catalogue.item_id(item)],
            text=f"{self._verb.capitalize()} in {_baskets(baskets)}",
            evidence={"baskets": baskets},
        )


def _promotion_text(terms: PromotionTerms, discount: float) -> str:
    begins = f" from {terms.starts_at:%Y-%m-%d}" if terms.starts_at else ""
    ends = f" to {terms.ends_at:%Y-%m-%d}" if terms.ends_at else ""
    return f"In promotion {terms.name}{begins}{ends}" + (f", {discount:.0%} off" if discount > 0 else "")


def _baskets(count: int) -> str:
    return "1 basket" if count == 1 else f"{count:,} baskets"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")
