"""Candidate generation for bundles: a recall-oriented shortlist, from which `bundles.compose.beam` selects.

Candidates come from several sources, since no single one serves every request: the visitor's predicted
items, items linked to the anchors, items bought together with them, and popular items. Under price or
category constraints, items that make the constraint easy to satisfy are added.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundles.loaded_model import LoadedModel
from bundles.request.constraints import BundleConstraints
from gnn.scoring.catalogue import CoPurchases

NUM_BY_SCORE, NUM_BY_LINK, NUM_COUNTED, NUM_POPULAR = 40, 32, 16, 12
NUM_CHEAP, NUM_EXPENSIVE, NUM_CATEGORIES = 10, 10, 16
#: Maximum candidates of one leaf category, unless too few others are left: bundles should differ in kind.
MAX_OF_LEAF = 3
NUM_STRONGEST_PAIRS = 20_000
#: For cheap or expensive items and other categories, only this many of the best ranked items are scanned.
NUM_BEST_RANKED = 2_000
#: Links are averaged over at most this many items, the last ones.
MAX_LINKED = 12


class CandidateFinder:
    """Generates candidates from the items of one artifact."""

    def __init__(self, model: LoadedModel) -> None:
        self._catalogue, self._links = model.catalogue, model.links
        self._ranked = np.flatnonzero(model.scorer.ranked_index(np.arange(model.catalogue.num_items)) >= 0)
        self._strongest_pairs = _strongest_pairs(model.artifact.co_purchases)

    @property
    def has_pairs(self) -> bool:
        """Whether any pair was bought together above chance."""
        return len(self._strongest_pairs) > 0

    def find(
        self,
        constraints: BundleConstraints,
        *,
        is_allowed: NDArray[np.bool_],
        offers: NDArray[np.int64],
        chances: NDArray[np.float64] | None,
        context: tuple[int, ...],
    ) -> NDArray[np.int64]:
        """Item indices of the fixed items, then of the candidates, distinct.

        Args:
            constraints: Constraints on every bundle.
            is_allowed: Items that may be added, [num_items].
            offers: Offer price of each item, [num_items].
            chances: Predicted probability of each ranked item, [num_ranked]; None if nothing is known.
            context: Items that candidates should go with: anchors, else the visitor's items; may be empty.
        """
        ranked_allowed = is_allowed[self._ranked]
        found: list[NDArray[np.int64]] = []
        if chances is not None:
            found.append(self._best(chances, ranked_allowed, NUM_BY_SCORE))
        if context:
            linked = np.array(context[-MAX_LINKED:], dtype=np.int64)
            found.append(self._best(self._links.from_items(linked), ranked_allowed, NUM_BY_LINK))
            found.append(self._co_purchased(linked, is_allowed))
            found.append(self._similar_to_new(linked, is_allowed))
        else:
            found.append(self._in_strong_pairs(is_allowed))
        popular = self._popular(is_allowed, NUM_POPULAR)
        found.append(popular)
        if constraints.has_price_limit or constraints.min_categories > 1:
            ordered = self._best_ranked(chances)
        if constraints.has_price_limit:
            found += self._of_price(constraints, is_allowed, offers, ordered)
        if constraints.min_categories > 1:
            found.append(self._of_other_categories(constraints, is_allowed, ordered))
        candidates = np.concatenate([np.array(constraints.fixed, dtype=np.int64), *found])
        _, first = np.unique(candidates, return_index=True)
        return candidates[np.sort(first)]

    def _best(
        self, values: NDArray[np.floating], is_allowed: NDArray[np.bool_], count: int
    ) -> NDArray[np.int64]:
        """The `count` best ranked items, at most `MAX_OF_LEAF` of one leaf category where others are left."""
        places = np.flatnonzero(is_allowed)
        values = values[places]
        if len(places) > 4 * count:
            best = np.argpartition(-values, 4 * count)[: 4 * count]
            places, values = places[best], values[best]
        ordered = places[np.lexsort((places, -values))]
        return self._few_of_a_leaf(self._ranked[ordered], count)

    def _co_purchased(self, items: NDArray[np.int64], is_allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        rows = [self._links.co_purchased(int(item)) for item in items]
        others = np.concatenate([row[0] for row in rows]).astype(np.int64)
        strength = np.concatenate([row[1] * np.log(np.maximum(row[2], 1.0)) for row in rows])
        ordered = others[np.lexsort((others, -strength))]
        return self._few_of_a_leaf(ordered[is_allowed[ordered]], NUM_COUNTED)

    def _similar_to_new(self, items: NDArray[np.int64], is_allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Items similar to those of `items` that nobody bought."""
        similar = np.concatenate([self._links.similar_items(int(item))[0] for item in items]).astype(np.int64)
        return self._few_of_a_leaf(similar[is_allowed[similar]], NUM_COUNTED)

    def _in_strong_pairs(self, is_allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        pairs = self._strongest_pairs
        items = pairs[is_allowed[pairs].all(axis=1)][: NUM_BY_SCORE * 2].ravel()
        _, first = np.unique(items, return_index=True)
        return self._few_of_a_leaf(items[np.sort(first)], NUM_BY_SCORE + NUM_BY_LINK)

    def _popular(self, is_allowed: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
        ordered = self._catalogue.by_popularity
        # Few requests allow less than one item in a hundred: try the most popular ones first.
        head = ordered[: 100 * count]
        popular = head[is_allowed[head]]
        if len(popular) < 4 * count:
            popular = ordered[is_allowed[ordered]]
        return self._few_of_a_leaf(popular[: 4 * count], count)

    def _best_ranked(self, chances: NDArray[np.float64] | None) -> NDArray[np.int64]:
        """The items of highest probability, best first; all items by popularity if nothing is known."""
        if chances is None:
            return self._catalogue.by_popularity
        places = np.arange(len(chances))
        if len(chances) > NUM_BEST_RANKED:
            # Sorting 100,000 items takes 10 ms, partitioning them 1 ms.
            places = np.argpartition(-chances, NUM_BEST_RANKED)[:NUM_BEST_RANKED]
        return self._ranked[places[np.lexsort((places, -chances[places]))]]

    def _of_price(
        self,
        constraints: BundleConstraints,
        is_allowed: NDArray[np.bool_],
        offers: NDArray[np.int64],
        ordered: NDArray[np.int64],
    ) -> list[NDArray[np.int64]]:
        """Items cheap enough to stay below `price_max`, and expensive enough to reach `price_min`."""
        fixed_offer = offers[list(constraints.fixed)].sum()
        found = []
        if constraints.price_max is not None:
            needed = max(constraints.size_min - len(constraints.fixed), 1)
            is_cheap = is_allowed & (offers <= (constraints.price_max - fixed_offer) // needed)
            found.append(self._first(ordered, is_cheap, NUM_CHEAP))
        if constraints.price_min is not None:
            room = max(constraints.size_max - len(constraints.fixed), 1)
            is_expensive = is_allowed & (offers >= -(-(constraints.price_min - fixed_offer) // room))
            found.append(self._first(ordered, is_expensive, NUM_EXPENSIVE))
        return found

    def _of_other_categories(
        self, constraints: BundleConstraints, is_allowed: NDArray[np.bool_], ordered: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The best item of each of some level-0 categories that the fixed items do not have."""
        found = self._first_of_roots(constraints, is_allowed, ordered)
        if len(found) < constraints.min_categories:
            found = self._first_of_roots(constraints, is_allowed, self._catalogue.by_popularity)
        return found

    def _first_of_roots(
        self, constraints: BundleConstraints, is_allowed: NDArray[np.bool_], ordered: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        fits = ordered[is_allowed[ordered]]
        roots = self._catalogue.root[fits]
        # Written backwards, so the first item of a root remains; the last place is for items without one.
        first = np.full(roots.max(initial=-1) + 2, len(fits))
        first[roots[::-1]] = np.arange(len(fits))[::-1]
        first[-1] = len(fits)
        taken = self._catalogue.root[list(constraints.fixed)]
        first[taken[taken < len(first)]] = len(fits)
        found: NDArray[np.int64] = fits[np.sort(first[first < len(fits)])[:NUM_CATEGORIES]]
        return found

    def _first(
        self, ordered: NDArray[np.int64], is_allowed: NDArray[np.bool_], count: int
    ) -> NDArray[np.int64]:
        found = ordered[is_allowed[ordered]][: 4 * count]
        if len(found) < count:
            found = self._catalogue.by_popularity[is_allowed[self._catalogue.by_popularity]][: 4 * count]
        return self._few_of_a_leaf(found, count)

    def _few_of_a_leaf(self, items: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """The first `count` of `items`; those beyond `MAX_OF_LEAF` of a leaf category come last."""
        leaves = self._catalogue.leaf[items]
        order = np.argsort(leaves, kind="stable")
        in_order = leaves[order]
        starts = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]]) if len(items) else order
        place = np.empty(len(items), dtype=np.int64)
        place[order] = np.arange(len(items)) - np.repeat(starts, np.diff(np.r_[starts, len(items)]))
        is_further = (place >= MAX_OF_LEAF) & (leaves >= 0)
        return items[np.argsort(is_further, kind="stable")[:count]]


def _strongest_pairs(pairs: CoPurchases) -> NDArray[np.int64]:
    """Pairs of highest local mutual information, baskets · ln lift (Evert 2005), best first, [K, 2]."""
    sources = np.repeat(np.arange(pairs.lift.num_rows), pairs.lift.lengths)
    targets, lift = pairs.lift.indices, pairs.lift.values
    once = np.flatnonzero((sources < targets) & (lift > 1))
    strength = pairs.baskets[once] * np.log(lift[once])
    if len(once) > NUM_STRONGEST_PAIRS:
        best = np.argpartition(-strength, NUM_STRONGEST_PAIRS)[:NUM_STRONGEST_PAIRS]
        once, strength = once[best], strength[best]
    once = once[np.lexsort((once, -strength))]
    return np.stack([sources[once], targets[once].astype(np.int64)], axis=1)
