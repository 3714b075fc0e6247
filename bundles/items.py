"""Items for a visit: what completes a cart or follows a sequence, by the scores that evaluation measures."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from bundles.catalogue import ItemCatalogue
from bundles.links import ItemLinks
from bundles.present.answers import Source
from bundles.present.evidence import purchase_counts
from bundles.related import RelatedItems
from bundles.request.visitor import Visit, item_query
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
        self, visit: Visit, *, count: int, exclude_purchased: bool, barred: Collection[int]
    ) -> tuple[list[tuple[int, float]], Source | None]:
        """At most `count` item indices with scores, best first, and the path; none is popularity.

        Nothing of the cart or of `barred` comes back, and nothing known to be out of stock. Scores are those
        of the model; links (`cold_start`) where nobody bought half or more of what a new visitor has, or
        baskets (popularity) where nothing is known of the visit.
        """
        is_allowed = self._catalogue.in_stock.copy()
        is_allowed[[*visit.cart, *barred]] = False
        if exclude_purchased and visit.user_index is not None:
            is_allowed[list(purchase_counts(self._histories, visit.user_index))] = False
        query, source = item_query(visit.cart, visit, links=self._links, scorer=self._scorer)
        if source is None:
            popular = self._catalogue.by_popularity
            best = popular[is_allowed[popular]][:count]
            return [(int(item), float(self._catalogue.baskets[item])) for item in best], None
        items = list(dict.fromkeys([*visit.cart, *visit.recent]))
        if source == "cold_start" or (visit.user_index is None and self._are_mostly_new(items)):
            return self._related.linked_to(items, is_allowed=is_allowed, count=count), "cold_start"
        found, scores = self._scores.with_cold(query)
        places = np.flatnonzero(is_allowed[found])
        best = places[np.argsort(-scores[places], kind="stable")[:count]]
        return [(int(found[place]), float(scores[place])) for place in best], source

    def _are_mostly_new(self, items: Sequence[int]) -> bool:
        """Whether half of `items` or more have links by what they are like alone: the model skips these."""
        num_new = sum(len(self._links.alike(item)[0]) > 0 for item in items)
        return num_new > 0 and 2 * num_new >= len(items)
