"""A shortlist of items that may join a bundle: recall first, `bundles.compose.beam` decides.

It is drawn from several sources, since no single one serves every request: what the visitor is likely to
want, what links to the anchors, what is counted beside them, and what popularity offers. Where prices or
categories are constrained, some items that make the constraint easy to meet are added.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.links import ItemLinks
from bundles.request.constraints import Rules
from gnn.artifact.model import CoPurchases
from gnn.scoring.item_scorer import ItemScorer

NUM_BY_SCORE, NUM_BY_LINK, NUM_COUNTED, NUM_POPULAR = 40, 32, 16, 12
NUM_CHEAP, NUM_DEAR, NUM_CATEGORIES = 10, 10, 16
#: Of one leaf category at most so many, unless too few others are left: bundles of one kind are no choice.
MAX_OF_LEAF = 3
NUM_STRONGEST_PAIRS = 20_000
#: Where a constraint asks for cheap or dear items or other categories, so many are looked through.
NUM_WANTED = 2_000
#: Links are averaged over so many items at most: those named last say most.
MAX_LINKED = 12


class CandidateFinder:
    """Finds candidates among the items of one artifact."""

    def __init__(
        self, *, catalogue: ItemCatalogue, scorer: ItemScorer, links: ItemLinks, co_purchases: CoPurchases
    ) -> None:
        self._catalogue = catalogue
        self._scorer = scorer
        self._links = links
        self._ranked = np.flatnonzero(scorer.ranked_index(np.arange(catalogue.num_items)) >= 0)
        self._strongest_pairs = _strongest_pairs(co_purchases)

    @property
    def has_pairs(self) -> bool:
        """Whether any pair was counted more often than by chance."""
        return len(self._strongest_pairs) > 0

    def find(
        self,
        rules: Rules,
        *,
        is_allowed: NDArray[np.bool_],
        offers: NDArray[np.int64],
        chances: NDArray[np.float64] | None,
        context: tuple[int, ...],
    ) -> NDArray[np.int64]:
        """Item indices of the fixed items, then of candidates, distinct.

        Args:
            rules: What a bundle must satisfy.
            is_allowed: Items that may be added, [num_items].
            offers: Offer price of each item, [num_items].
            chances: How likely each ranked item is wanted, [num_ranked]; none where nothing is known.
            context: Items that candidates should go with: the anchors, else what the visitor has; may be
            empty.
        """
        ranked_allowed = is_allowed[self._ranked]
        found: list[NDArray[np.int64]] = []
        if chances is not None:
            found.append(self._best(chances, ranked_allowed, NUM_BY_SCORE))
        if context:
            linked = np.array(context[-MAX_LINKED:], dtype=np.int64)
            found.append(self._best(self._links.from_items(linked), ranked_allowed, NUM_BY_LINK))
            found.append(self._counted_beside(linked, is_allowed))
            found.append(self._like_new(linked, is_allowed))
        else:
            found.append(self._in_strong_pairs(is_allowed))
        popular = self._popular(is_allowed, NUM_POPULAR)
        found.append(popular)
        if rules.has_price_limit or rules.min_categories > 1:
            wanted = self._wanted(chances)
        if rules.has_price_limit:
            found += self._of_price(rules, is_allowed, offers, wanted)
        if rules.min_categories > 1:
            found.append(self._of_other_categories(rules, is_allowed, wanted))
        candidates = np.concatenate([np.array(rules.fixed, dtype=np.int64), *found])
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

    def _counted_beside(self, items: NDArray[np.int64], is_allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        rows = [self._links.counted(int(item)) for item in items]
        others = np.concatenate([row[0] for row in rows]).astype(np.int64)
        strength = np.concatenate([row[1] * np.log(np.maximum(row[2], 1.0)) for row in rows])
        ordered = others[np.lexsort((others, -strength))]
        return self._few_of_a_leaf(ordered[is_allowed[ordered]], NUM_COUNTED)

    def _like_new(self, items: NDArray[np.int64], is_allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        """What is like those of `items` that nobody bought."""
        alike = np.concatenate([self._links.alike(int(item))[0] for item in items]).astype(np.int64)
        return self._few_of_a_leaf(alike[is_allowed[alike]], NUM_COUNTED)

    def _in_strong_pairs(self, is_allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        pairs = self._strongest_pairs
        items = pairs[is_allowed[pairs].all(axis=1)][: NUM_BY_SCORE * 2].ravel()
        _, first = np.unique(items, return_index=True)
        return self._few_of_a_leaf(items[np.sort(first)], NUM_BY_SCORE + NUM_BY_LINK)

    def _popular(self, is_allowed: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
        ordered = self._catalogue.by_popularity
        # Few requests allow less than one item in a hundred: look at the head first.
        head = ordered[: 100 * count]
        popular = head[is_allowed[head]]
        if len(popular) < 4 * count:
            popular = ordered[is_allowed[ordered]]
        return self._few_of_a_leaf(popular[: 4 * count], count)

    def _wanted(self, chances: NDArray[np.float64] | None) -> NDArray[np.int64]:
        """The likeliest items, the likeliest first; all items by popularity where nothing is known."""
        if chances is None:
            return self._catalogue.by_popularity
        places = np.arange(len(chances))
        if len(chances) > NUM_WANTED:
            # To order all of 100,000 items takes ten milliseconds, to part the best from them one.
            places = np.argpartition(-chances, NUM_WANTED)[:NUM_WANTED]
        return self._ranked[places[np.lexsort((places, -chances[places]))]]

    def _of_price(
        self,
        rules: Rules,
        is_allowed: NDArray[np.bool_],
        offers: NDArray[np.int64],
        wanted: NDArray[np.int64],
    ) -> list[NDArray[np.int64]]:
        """Items so cheap that as many as are needed fit, and so dear that as many as are allowed reach."""
        fixed_offer = offers[list(rules.fixed)].sum()
        found = []
        if rules.price_max is not None:
            needed = max(rules.size_min - len(rules.fixed), 1)
            is_cheap = is_allowed & (offers <= (rules.price_max - fixed_offer) // needed)
            found.append(self._first(wanted, is_cheap, NUM_CHEAP))
        if rules.price_min is not None:
            room = max(rules.size_max - len(rules.fixed), 1)
            is_dear = is_allowed & (offers >= -(-(rules.price_min - fixed_offer) // room))
            found.append(self._first(wanted, is_dear, NUM_DEAR))
        return found

    def _of_other_categories(
        self, rules: Rules, is_allowed: NDArray[np.bool_], wanted: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The most wanted item of each of some level-0 categories that the fixed items are not in."""
        found = self._first_of_roots(rules, is_allowed, wanted)
        if len(found) < rules.min_categories:
            found = self._first_of_roots(rules, is_allowed, self._catalogue.by_popularity)
        return found

    def _first_of_roots(
        self, rules: Rules, is_allowed: NDArray[np.bool_], ordered: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        fits = ordered[is_allowed[ordered]]
        roots = self._catalogue.root[fits]
        # Written backwards, so that the first of a root stays; the last place is for items without one.
        first = np.full(roots.max(initial=-1) + 2, len(fits))
        first[roots[::-1]] = np.arange(len(fits))[::-1]
        first[-1] = len(fits)
        taken = self._catalogue.root[list(rules.fixed)]
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
        """The first `count` of `items`; those beyond `MAX_OF_LEAF` of one leaf category follow the others."""
        leaves = self._catalogue.leaf[items]
        order = np.argsort(leaves, kind="stable")
        in_order = leaves[order]
        starts = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]]) if len(items) else order
        place = np.empty(len(items), dtype=np.int64)
        place[order] = np.arange(len(items)) - np.repeat(starts, np.diff(np.r_[starts, len(items)]))
        is_further = (place >= MAX_OF_LEAF) & (leaves >= 0)
        return items[np.argsort(is_further, kind="stable")[:count]]


def _strongest_pairs(pairs: CoPurchases) -> NDArray[np.int64]:
    """Counted pairs of most local mutual information, baskets · ln lift (Evert 2005), best first, [K, 2]."""
    sources = np.repeat(np.arange(len(pairs.indptr) - 1), np.diff(pairs.indptr))
    once = np.flatnonzero((sources < pairs.item) & (pairs.lift > 1))
    strength = pairs.baskets[once] * np.log(pairs.lift[once])
    if len(once) > NUM_STRONGEST_PAIRS:
        best = np.argpartition(-strength, NUM_STRONGEST_PAIRS)[:NUM_STRONGEST_PAIRS]
        once, strength = once[best], strength[best]
    once = once[np.lexsort((once, -strength))]
    return np.stack([sources[once], pairs.item[once].astype(np.int64)], axis=1)
