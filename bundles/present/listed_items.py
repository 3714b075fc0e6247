"""Lists of items in answers: ids, titles and numbers for item indices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bundles.catalogue import ItemCatalogue
from bundles.present.answers import FoundItem, RankedItem, RelatedItem


def ranked_items(ranked: Iterable[tuple[int, float]], *, catalogue: ItemCatalogue) -> list[RankedItem]:
    """Item indices with their scores, best first, as recommended items."""
    return [
        RankedItem(item_id=catalogue.item_id(item), title=catalogue.title(item), score=score, rank=rank)
        for rank, (item, score) in enumerate(ranked, start=1)
    ]


def related_items(
    found: Iterable[tuple[int, float]],
    counts: Mapping[int, tuple[int, float]],
    *,
    catalogue: ItemCatalogue,
) -> list[RelatedItem]:
    """Item indices with their scores, best first, and the (baskets, lift) of those bought with the item."""
    items = []
    for rank, (item, score) in enumerate(found, start=1):
        baskets, lift = counts.get(item, (None, None))
        items.append(
            RelatedItem(
                item_id=catalogue.item_id(item),
                title=catalogue.title(item),
                score=score,
                rank=rank,
                baskets=baskets,
                lift=None if lift is None else round(lift, 3),
            )
        )
    return items


def found_items(found: Iterable[int], *, catalogue: ItemCatalogue) -> list[FoundItem]:
    """Item indices as the items that a search found."""
    return [
        FoundItem(
            item_id=catalogue.item_id(item),
            title=catalogue.title(item),
            category=catalogue.category_path(item),
            price=catalogue.price_of(item),
        )
        for item in found
    ]
