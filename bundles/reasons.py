"""Why a bundle: sentences whose every number is a count that stands in the graph.

`co_purchase` is `CO_PURCHASED` (baskets, lift), `category_pair` is `BOUGHT_WITH` (baskets, lift),
`user_history` is `PURCHASED.count`, `promotion` is `OFFERS.discount` and the dates of its `Promotion`;
`popularity` counts the baskets that hold the item. What the model merely predicts is in the score, and gives
no reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations

import numpy as np

from bundles.answers import Reason, utc_text
from bundles.catalogue import ItemCatalogue
from bundles.context import Visit
from bundles.links import ItemLinks
from gnn.artifact import Histories, ModelArtifact, Promotions

MAX_PAIRS, MAX_CATEGORY_PAIRS = 5, 2
#: Below it, "1.0 times as often as by chance" would be no reason.
MIN_LIFT = 1.05


class Explainer:
    """Finds the reasons of bundles in the counts of one artifact."""

    def __init__(self, artifact: ModelArtifact, *, catalogue: ItemCatalogue, links: ItemLinks) -> None:
        self._histories = artifact.histories
        self._promotions = artifact.promotions
        self._catalogue = catalogue
        self._links = links

    def explain(
        self, items: Sequence[int], *, added: Sequence[int], visit: Visit, promotion: int | None
    ) -> list[Reason]:
        """Reasons of one bundle, the strongest kind first; every added item that was ever bought has one."""
        co_purchases = self._co_purchases(items, visit)
        reasons = [
            *co_purchases,
            *self._category_pairs(items, {frozenset(reason.items) for reason in co_purchases}),
            *self._history(items, visit.user_index),
            *self._promotion(added, promotion),
        ]
        explained = {item_id for reason in reasons for item_id in reason.items}
        unexplained = [item for item in added if self._catalogue.item_id(item) not in explained]
        return reasons + self._popularity(unexplained)

    def _co_purchases(self, items: Sequence[int], visit: Visit) -> list[Reason]:
        in_cart = [item for item in visit.cart if item not in items]
        pairs = [*combinations(items, 2), *((cart, item) for cart in in_cart[-5:] for item in items)]
        found = [(pair, count) for pair in pairs if (count := self._links.count_of(*pair)) is not None]
        found = [(pair, (baskets, lift)) for pair, (baskets, lift) in found if lift >= MIN_LIFT]
        found.sort(key=lambda entry: -entry[1][0] * np.log(entry[1][1]))
        return [
            Reason(
                kind="co_purchase",
                items=[self._catalogue.item_id(item) for item in pair],
                text=f"Bought together in {_baskets(baskets)}, {lift:.1f} times as often as by chance",
                evidence={"baskets": baskets, "lift": round(lift, 3)},
            )
            for pair, (baskets, lift) in found[:MAX_PAIRS]
        ]

    def _category_pairs(self, items: Sequence[int], explained: set[frozenset[str]]) -> list[Reason]:
        catalogue = self._catalogue
        found: dict[tuple[int, int], Reason] = {}
        for first, second in combinations(items, 2):
            ids = [catalogue.item_id(first), catalogue.item_id(second)]
            roots = int(catalogue.root[first]), int(catalogue.root[second])
            if frozenset(ids) in explained or min(roots) < 0 or roots[0] == roots[1]:
                continue
            count = self._links.category_count_of(*roots)
            if count is None or count[1] < MIN_LIFT or (min(roots), max(roots)) in found:
                continue
            names = [catalogue.category_name(root) for root in roots]
            found[min(roots), max(roots)] = Reason(
                kind="category_pair",
                items=ids,
                text=f"{names[0]} and {names[1]} are bought together in {_baskets(count[0])}, "
                f"{count[1]:.1f} times as often as by chance",
                evidence={
                    "baskets": count[0],
                    "lift": round(count[1], 3),
                    "from_category": catalogue.category_id(roots[0]),
                    "to_category": catalogue.category_id(roots[1]),
                },
            )
        return list(found.values())[:MAX_CATEGORY_PAIRS]

    def _history(self, items: Sequence[int], user_index: int | None) -> list[Reason]:
        if user_index is None:
            return []
        counts = purchase_counts(self._histories, user_index)
        return [
            Reason(
                kind="user_history",
                items=[self._catalogue.item_id(item)],
                text=f"Bought {_times(counts[item])} by this customer",
                evidence={"count": counts[item]},
            )
            for item in items
            if item in counts
        ]

    def _promotion(self, added: Sequence[int], promotion: int | None) -> list[Reason]:
        if promotion is None:
            return []
        promotions = self._promotions
        row = slice(promotions.indptr[promotion], promotions.indptr[promotion + 1])
        discounts = dict(zip(promotions.item[row].tolist(), promotions.discount[row].tolist(), strict=True))
        promotion_id = promotions.promotion_ids[promotion]
        name = promotions.names[promotion] or promotion_id
        starts_at, ends_at = promotion_dates(promotions, promotion)
        return [
            Reason(
                kind="promotion",
                items=[self._catalogue.item_id(item)],
                text=f"In promotion {name} from {starts_at:%Y-%m-%d} to {ends_at:%Y-%m-%d}"
                + (f", {discounts[item]:.0%} off" if discounts[item] > 0 else ""),
                evidence={
                    "promotion_id": promotion_id,
                    "discount": discounts[item] if discounts[item] >= 0 else None,
                    "starts_at": utc_text(starts_at),
                    "ends_at": utc_text(ends_at),
                },
            )
            for item in added
            if item in discounts
        ]

    def _popularity(self, items: Sequence[int]) -> list[Reason]:
        return [
            Reason(
                kind="popularity",
                items=[self._catalogue.item_id(item)],
                text=f"Bought in {_baskets(int(self._catalogue.baskets[item]))}",
                evidence={"baskets": int(self._catalogue.baskets[item])},
            )
            for item in items
            if self._catalogue.baskets[item] > 0
        ]


def purchase_counts(histories: Histories, user_index: int) -> dict[int, int]:
    """How often the user bought each item index."""
    row = slice(histories.indptr[user_index], histories.indptr[user_index + 1])
    return {
        item: int(count)
        for item, count in zip(histories.item[row].tolist(), histories.count[row].tolist(), strict=True)
    }


def promotion_dates(promotions: Promotions, promotion: int) -> tuple[datetime, datetime]:
    """When a promotion begins and ends, UTC."""
    starts_at = datetime.fromtimestamp(int(promotions.starts_at[promotion]), UTC)
    return starts_at, datetime.fromtimestamp(int(promotions.ends_at[promotion]), UTC)


def _baskets(count: int) -> str:
    return "1 basket" if count == 1 else f"{count:,} baskets"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")
