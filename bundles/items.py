"""Rank items for a visitor: they complete a cart or follow a sequence, by the scores that are evaluated."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from bundles.loaded_model import LoadedModel
from bundles.present.answers import Source
from bundles.present.evidence import purchase_counts
from bundles.related import RelatedItems
from bundles.request.visitor import VisitorContext, item_query


class ItemRanker:
    """Ranks the items of one model."""

    def __init__(self, model: LoadedModel, *, related: RelatedItems) -> None:
        self._model, self._related = model, related

    def rank(
        self, visitor: VisitorContext, *, count: int, exclude_purchased: bool, excluded: Collection[int]
    ) -> tuple[list[tuple[int, float]], Source | None]:
        """At most `count` item indices with scores, best first, and their source; None means popularity.

        Leaves out cart items, items of `excluded` and items out of stock. Scores come from the model; from
        links (`cold_start`) if nobody ever bought at least half of a new visitor's items; or from baskets
        (popularity) if nothing is known about the visitor.
        """
        catalogue = self._model.catalogue
        is_allowed = catalogue.in_stock.copy()
        is_allowed[[*visitor.cart, *excluded]] = False
        if exclude_purchased and visitor.user_index is not None:
            is_allowed[list(purchase_counts(self._model.artifact.histories, visitor.user_index))] = False
        query, source = item_query(visitor.cart, visitor, self._model)
        if source is None:
            popular = catalogue.by_popularity
            best = popular[is_allowed[popular]][:count]
            return [(int(item), float(catalogue.baskets[item])) for item in best], None
        items = list(dict.fromkeys([*visitor.cart, *visitor.recent]))
        if source == "cold_start" or (visitor.user_index is None and self._are_mostly_new(items)):
            return self._related.linked_to(items, is_allowed=is_allowed, count=count), "cold_start"
        found, scores = self._model.scores.with_cold(query)
        places = np.flatnonzero(is_allowed[found])
        best = places[np.argsort(-scores[places], kind="stable")[:count]]
        return [(int(found[place]), float(scores[place])) for place in best], source

    def _are_mostly_new(self, items: Sequence[int]) -> bool:
        """Whether at least half of `items` have content links alone; the model skips such items."""
        num_new = sum(len(self._model.links.similar_items(item)[0]) > 0 for item in items)
        return num_new > 0 and 2 * num_new >= len(items)
