"""Items related to an item: complements are bought with it, substitutes instead of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from bundles.links import CHANCE
from bundles.loaded_model import LoadedModel
from gnn.scoring.item_scorer import ItemQuery

NUM_BY_SCORE, NUM_COUNTED = 200, 100


class RelatedItems:
    """Finds related items of one artifact; items out of stock are left out."""

    def __init__(self, model: LoadedModel) -> None:
        self._catalogue, self._scorer, self._links = model.catalogue, model.scorer, model.links
        self._predicted, self._substitutes = model.artifact.predicted_links, model.substitutes
        network = model.artifact.network
        self._ranked = model.artifact.ranked.item
        self._unit_vectors = _unit_rows(np.hstack([network.target, network.history]))

    def is_ranked(self, item: int) -> bool:
        """Whether the model ranks `item`; other items have only category and counts."""
        return bool(self._scorer.ranked_index([item])[0] >= 0)

    def complements(
        self, item: int, *, count: int, cross_category: bool, excluded: Collection[int]
    ) -> list[tuple[int, float]]:
        """Item indices and their link, strongest first; `cross_category`: only of other level-0 categories.

        Items of `excluded` are left out. Items without a category have no cross-category complements.

        If the model predicts links from the shop's own links of this item, these are the answer. Otherwise
        items of `linked_to` that are no substitutes. Links at or below chance are left out.
        """
        is_allowed = self._allowed(item, cross_category=cross_category, excluded=excluded)
        predicted = self._predicted_complements(item, is_allowed)
        if predicted:
            return predicted[:count]
        # A substitute is no complement, unless the shop's own links make it one.
        is_allowed[self._substitutes.of(item)] = False
        linked = self.linked_to([item], is_allowed=is_allowed, count=count)
        return [(other, link) for other, link in linked if link > CHANCE]

    def substitutes(
        self, item: int, *, count: int, cross_category: bool, excluded: Collection[int]
    ) -> list[tuple[int, float]]:
        """Item indices of substitutes (`gnn.scoring.substitutes`) and their score, best first.

        `cross_category` and `excluded` are as in `complements`; a substitute may be of another level-0
        category.

        Score: the cosine of the two items' target and history vectors, at least 0, divided by the pair's lift
        if that exceeds 1 (items bought together are no substitutes). 0 if the model does not rank both items;
        ties go to the more popular item.
        """
        is_allowed = self._allowed(item, cross_category=cross_category, excluded=excluded)
        substitutes = self._substitutes.of(item)
        others = substitutes[is_allowed[substitutes]]
        scores = self._cosines(item, others)
        counted, _, lift = self._links.co_purchased(item)
        _, places, positions = np.intersect1d(others, counted, return_indices=True)
        scores[places] /= np.maximum(lift[positions], 1.0)
        order = np.lexsort((others, -self._catalogue.baskets[others], -scores))[:count]
        return [(int(others[place]), float(scores[place])) for place in order]

    def linked_to(
        self, items: Sequence[int], *, is_allowed: NDArray[np.bool_], count: int
    ) -> list[tuple[int, float]]:
        """Allowed item indices with their mean link to `items`, strongest first.

        Candidates are the items that the scorer ranks highest for `items`, or for their neighbours, items
        bought together with them, and items similar to those that nobody bought.
        """
        known = self._scorer.ranked_index(list(items))
        queried = [item for item, ranked in zip(items, known, strict=True) if ranked >= 0]
        queried = queried or sorted({int(other) for item in items for other in self._links.neighbours(item)})
        found = [self._co_purchased(item, is_allowed) for item in items]
        similar = [self._links.similar_items(item)[0] for item in items]
        found += [others[is_allowed[others]].astype(np.int64) for others in similar]
        if queried:
            scores = self._scorer.score([ItemQuery(cart=queried)])[0]
            places = np.flatnonzero(is_allowed[self._ranked])
            best = places[np.argsort(-scores[places], kind="stable")[: max(NUM_BY_SCORE, 2 * count)]]
            found.append(self._ranked[best].astype(np.int64))
        candidates = np.setdiff1d(np.concatenate(found), np.array(items))
        links = self._links.between(np.array(items, dtype=np.int64), candidates).mean(axis=0)
        order = np.lexsort((candidates, -links))[:count]
        return [(int(candidates[place]), float(links[place])) for place in order]

    def _allowed(self, item: int, *, cross_category: bool, excluded: Collection[int]) -> NDArray[np.bool_]:
        """Which items may be related to `item`, [num_items]."""
        is_allowed, root = self._catalogue.in_stock.copy(), self._catalogue.root
        if cross_category:
            is_allowed &= (root >= 0) & (root != root[item]) & (root[item] >= 0)
        is_allowed[[item, *excluded]] = False
        return is_allowed

    def _predicted_complements(self, item: int, is_allowed: NDArray[np.bool_]) -> list[tuple[int, float]]:
        others, scores = self._predicted.score.row(item)
        is_kept = is_allowed[others]
        return list(zip(others[is_kept].tolist(), scores[is_kept].tolist(), strict=True))

    def _co_purchased(self, item: int, is_allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        others, baskets, lift = self._links.co_purchased(item)
        is_kept = is_allowed[others] & (lift > 1)
        others, strength = others[is_kept], baskets[is_kept] * np.log(lift[is_kept])
        return others[np.argsort(-strength, kind="stable")[:NUM_COUNTED]].astype(np.int64)

    def _cosines(self, item: int, others: NDArray[np.int64]) -> NDArray[np.float64]:
        scores = np.zeros(len(others))
        own, ranked = self._scorer.ranked_index([item])[0], self._scorer.ranked_index(others)
        if own >= 0:
            is_ranked = ranked >= 0
            scores[is_ranked] = np.maximum(
                self._unit_vectors[ranked[is_ranked]] @ self._unit_vectors[own], 0.0
            )
        return scores


def _unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
