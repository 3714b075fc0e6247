"""Rank items for a visitor: they complete a cart or follow a sequence, by the scores that are evaluated."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from bundles.catalogue import ItemCatalogue
from bundles.links import ItemLinks
from bundles.present.answers import Source
from bundles.present.evidence import purchase_counts
from bundles.related import RelatedItems
from bundles.request.visitor import VisitorContext, item_query
from gnn.artifact.model import ModelArtifact
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.item_scores import ItemScores


class ItemRanker:
    """Ranks the items of `artifact`."""

    def __init__(
        self,
        artifact: ModelArtifact,
        *,
        catalogue: ItemCatalogue,
        scorer: ItemScorer,
        scores: ItemScores,
        links: ItemLinks,
        related: RelatedItems,
    ) -> None:
        self._histories = artifact.histories
        self._catalogue, self._scorer, self._links, self._related = catalogue, scorer, links, related
        self._scores = scores

    def rank(
        self, visitor: VisitorContext, *, count: int, exclude_purchased: bool, excluded: Collection[int]
    ) -> tuple[list[tuple[int, float]], Source | None]:
        """At most `count` item indices with scores, best first, and their source; None means popularity.

        Leaves out cart items, items of `excluded` and items out of stock. Scores come from the model; from
        links (`cold_start`) if nobody ever bought at least half of a new visitor's items; or from baskets
        (popularity) if nothing is known about the visitor.
        """
        is_allowed = self._catalogue.in_stock.copy()
        is_allowed[[*visitor.cart, *excluded]] = False
        if exclude_purchased and visitor.user_index is not None:
            is_allowed[list(purchase_counts(self._histories, visitor.user_index))] = False
        query, source = item_query(visitor.cart, visitor, links=self._links, scorer=self._scorer)
        if source is None:
            popular = self._catalogue.by_popularity
            best = popular[is_allowed[popular]][:count]
            return [(int(item), float(self._catalogue.baskets[item])) for item in best], None
        items = list(dict.fromkeys([*visitor.cart, *visitor.recent]))
        if source == "cold_start" or (visitor.user_index is None and self._are_mostly_new(items)):
            return self._related.linked_to(items, is_allowed=is_allowed, count=count), "cold_start"
        found, scores = self._scores.with_cold(query)
        places = np.flatnonzero(is_allowed[found])
        best = places[np.argsort(-scores[places], kind="stable")[:count]]
        return [(int(found[place]), float(scores[place])) for place in best], source

    def _are_mostly_new(self, items: Sequence[int]) -> bool:
        """Whether at least half of `items` have content links alone; the model skips such items."""
        num_new = sum(len(self._links.similar_items(item)[0]) > 0 for item in items)
        return num_new > 0 and 2 * num_new >= len(items)
