"""Items linked to an item: complements, which are bought with it, and substitutes, which stand in for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.links import CHANCE, ItemLinks
from gnn.artifact.model import ItemModel, PredictedLinks
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.scoring.substitutes import SubstitutePairs

NUM_BY_SCORE, NUM_COUNTED = 200, 100


class RelatedItems:
    """Finds linked items among those of one artifact, those known to be out of stock left out."""

    def __init__(
        self,
        *,
        catalogue: ItemCatalogue,
        scorer: ItemScorer,
        links: ItemLinks,
        model: ItemModel,
        predicted: PredictedLinks,
        substitutes: SubstitutePairs,
    ) -> None:
        self._substitutes = substitutes
        self._catalogue, self._scorer, self._links, self._predicted = catalogue, scorer, links, predicted
        self._ranked = model.ranked
        self._likeness = _unit_rows(np.hstack([model.target, model.history]))

    def is_ranked(self, item: int) -> bool:
        """Whether the model ranks `item`; category and counts alone speak for another."""
        return bool(self._scorer.ranked_index([item])[0] >= 0)

    def complements(
        self, item: int, *, count: int, cross_category: bool, barred: Collection[int]
    ) -> list[tuple[int, float]]:
        """Item indices and their link, most linked first; `cross_category`: of other level-0 categories.

        None of `barred` is among them. An item without category is in none across categories.

        Where a model has learned from the shop's own links which items go with this one, they are the
        answer. Otherwise those by `linked_to` that do not replace it. What is linked no more than by
        chance is left out.
        """
        is_allowed = self._allowed(item, cross_category=cross_category, barred=barred)
        learned = self._learned(item, is_allowed)
        if learned:
            return learned[:count]
        # What replaces the item is no complement, unless the shop's own links said so.
        is_allowed[self._substitutes.of(item)] = False
        linked = self.linked_to([item], is_allowed=is_allowed, count=count)
        return [(other, link) for other, link in linked if link > CHANCE]

    def substitutes(
        self, item: int, *, count: int, cross_category: bool, barred: Collection[int]
    ) -> list[tuple[int, float]]:
        """Item indices of what replaces an item (`gnn.substitutes`) and their score, best first.

        `cross_category` and `barred` are as of `complements`: what is bought or viewed alike, what the shop
        links and what has the same words may be of other level-0 categories.

        Score: the cosine of the two items' target and history vectors, at least 0, divided by the pair's lift
        where that is above 1 (what is bought together is no substitute). 0 where the model does not rank
        both; the more popular first among equals.
        """
        is_allowed = self._allowed(item, cross_category=cross_category, barred=barred)
        replacing = self._substitutes.of(item)
        others = replacing[is_allowed[replacing]]
        scores = self._cosines(item, others)
        counted, _, lift = self._links.counted(item)
        _, places, positions = np.intersect1d(others, counted, return_indices=True)
        scores[places] /= np.maximum(lift[positions], 1.0)
        order = np.lexsort((others, -self._catalogue.baskets[others], -scores))[:count]
        return [(int(others[place]), float(scores[place])) for place in order]

    def linked_to(
        self, items: Sequence[int], *, is_allowed: NDArray[np.bool_], count: int
    ) -> list[tuple[int, float]]:
        """Allowed item indices most linked to `items`, and the mean link, most linked first.

        The shortlist is what the scorer ranks highest for `items`, or for their stand-ins, what is counted
        beside them, and what is like those that nobody bought.
        """
        known = self._scorer.ranked_index(list(items))
        speakers = [item for item, ranked in zip(items, known, strict=True) if ranked >= 0]
        speakers = speakers or sorted({int(other) for item in items for other in self._links.stand_ins(item)})
        found = [self._counted_beside(item, is_allowed) for item in items]
        found += [alike[is_allowed[alike]].astype(np.int64) for alike, _ in map(self._links.alike, items)]
        if speakers:
            scores = self._scorer.score([ItemQuery(cart=speakers)])[0]
            places = np.flatnonzero(is_allowed[self._ranked])
            best = places[np.argsort(-scores[places], kind="stable")[: max(NUM_BY_SCORE, 2 * count)]]
            found.append(self._ranked[best].astype(np.int64))
        candidates = np.setdiff1d(np.concatenate(found), np.array(items))
        links = self._links.between(np.array(items, dtype=np.int64), candidates).mean(axis=0)
        order = np.lexsort((candidates, -links))[:count]
        return [(int(candidates[place]), float(links[place])) for place in order]

    def _allowed(self, item: int, *, cross_category: bool, barred: Collection[int]) -> NDArray[np.bool_]:
        """Which items may be linked to `item`, [num_items]."""
        is_allowed, root = self._catalogue.in_stock.copy(), self._catalogue.root
        if cross_category:
            is_allowed &= (root >= 0) & (root != root[item]) & (root[item] >= 0)
        is_allowed[[item, *barred]] = False
        return is_allowed

    def _learned(self, item: int, is_allowed: NDArray[np.bool_]) -> list[tuple[int, float]]:
        row = slice(*self._predicted.indptr[item : item + 2])
        others, scores = self._predicted.item[row], self._predicted.score[row]
        is_kept = is_allowed[others]
        return list(zip(others[is_kept].tolist(), scores[is_kept].tolist(), strict=True))

    def _counted_beside(self, item: int, is_allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        others, baskets, lift = self._links.counted(item)
        is_kept = is_allowed[others] & (lift > 1)
        others, strength = others[is_kept], baskets[is_kept] * np.log(lift[is_kept])
        return others[np.argsort(-strength, kind="stable")[:NUM_COUNTED]].astype(np.int64)

    def _cosines(self, item: int, others: NDArray[np.int64]) -> NDArray[np.float64]:
        scores = np.zeros(len(others))
        own, ranked = self._scorer.ranked_index([item])[0], self._scorer.ranked_index(others)
        if own >= 0:
            is_ranked = ranked >= 0
            scores[is_ranked] = np.maximum(self._likeness[ranked[is_ranked]] @ self._likeness[own], 0.0)
        return scores


def _unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
