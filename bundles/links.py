"""Links: how strongly any two items belong together, as one probability for every pair.

p(a, b) in (0, 1) is the probability that a and b come from one basket rather than from two unrelated ones, at
even odds: .5 is chance, and a pair bought together x times as often as by chance has x / (1 + x). It is

1. if the model ranks both items: the mean of both directions of `ItemScorer.link_scores`, calibrated
   (`gnn.scoring.item_model`) on baskets that the model has not seen;
2. else, if baskets hold both: x / (1 + x), x the shrunk lift (`gnn.scoring.statistics`);
3. else the mean over ranked neighbours: the items whose content is most similar to that of the cold item
   (`gnn.scoring.cold_items`, `gnn.scoring.catalogue`), or the most bought ones of its nearest category
   that has any; or, if it is greater and one item is among the items most similar to the other, which nobody
   bought: x / (1 + x), x the lift of bought pairs of that similarity;
4. .5 if nothing is known about an item.

Shrinkage keeps x near 1 for pairs of few baskets. Only ranked pairs are calibrated: baskets hold too few of
the others to calibrate on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from gnn.artifact.model import ModelArtifact
from gnn.scoring.cold_items import ColdSlate
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.statistics import shrunk_lift

NUM_NEIGHBOURS = 5
CHANCE = 0.5


class ItemLinks:
    """Links between the items of `artifact`."""

    def __init__(
        self, artifact: ModelArtifact, *, catalogue: ItemCatalogue, scorer: ItemScorer, cold: ColdSlate
    ) -> None:
        self._artifact = artifact
        self._catalogue = catalogue
        self._scorer = scorer
        self._cold = cold
        self._neighbours = _neighbours_by_category(artifact)

    def between(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Links of each item of `rows` with each of `columns` (item indices, each once), [R, C].

        An item has the link 0 with itself.
        """
        row_items, row_shares = self._representation(rows)
        is_square = rows is columns
        column_items, column_shares = (row_items, row_shares) if is_square else self._representation(columns)
        there = self._scorer.link_scores(row_items, column_items).astype(np.float64)
        back = there if is_square else self._scorer.link_scores(column_items, row_items)
        links = row_shares @ self._artifact.link_probability.calibrate((there + back.T) / 2) @ column_shares.T
        links[row_shares.sum(axis=1) == 0] = CHANCE
        links[:, column_shares.sum(axis=1) == 0] = CHANCE
        for put in (self._apply_similar_items, self._apply_co_purchases):
            put(links, rows, columns)
            put(links.T, columns, rows)
        links[rows[:, None] == columns] = 0.0
        return links

    def from_items(self, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """Mean link of `items` to each ranked item, [num_ranked]; chance if nothing is known about them.

        In one direction and not calibrated: for candidate generation. `between` gives probabilities.
        """
        known, shares = self._representation(items)
        if not len(known):
            return np.full(self._scorer.num_ranked, CHANCE)
        weights = shares.sum(axis=0) / max((shares.sum(axis=1) > 0).sum(), 1)
        links: NDArray[np.float64] = weights @ self._scorer.link_scores(known, slice(None))
        return links

    def neighbours(self, item: int) -> NDArray[np.int64]:
        """Ranked items that represent an item that the model does not rank; item indices, may be empty."""
        return self._artifact.ranked.item[self._neighbours_of(item)].astype(np.int64)

    def co_purchased(self, item: int) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.floating]]:
        """Items bought together with `item`, number of baskets, and lift; most baskets first."""
        return self._artifact.co_purchases.row(item)

    def similar_items(self, item: int) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
        """Items most similar to an item that nobody bought, and the lift of such pairs; else empty."""
        return self._artifact.content_links.lift.row(item)

    def counts_among(
        self, items: Sequence[int], others: Sequence[int]
    ) -> dict[tuple[int, int], tuple[int, float]]:
        """(baskets, lift) of each pair of one of `items` and one of `others` that was bought together."""
        is_wanted = np.zeros(self._catalogue.num_items, dtype=np.bool_)
        is_wanted[list(others)] = True
        found: dict[tuple[int, int], tuple[int, float]] = {}
        for item in items:
            counted, baskets, lift = self.co_purchased(item)
            for place in np.flatnonzero(is_wanted[counted]):
                found[item, int(counted[place])] = int(baskets[place]), float(lift[place])
        return found

    def category_count_of(self, category: int, other: int) -> tuple[int, float] | None:
        """(baskets, lift) of two level-0 categories; None if there is no count."""
        others, baskets, lift = self._artifact.category_pairs.row(category)
        found = np.flatnonzero(others == other)
        return (int(baskets[found[0]]), float(lift[found[0]])) if len(found) else None

    def _apply_similar_items(
        self, links: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> None:
        """Raise the links of those `rows` that nobody bought to the lift of similar pairs."""
        for row in np.flatnonzero(self._scorer.ranked_index(rows) < 0):
            others, lift = self.similar_items(int(rows[row]))
            if not len(others):
                continue
            _, places, positions = np.intersect1d(columns, others, return_indices=True)
            links[row, places] = np.maximum(links[row, places], lift[positions] / (1.0 + lift[positions]))

    def _apply_co_purchases(
        self, links: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> None:
        """Replace the links of those `rows` that the model does not rank by counts, where there are any."""
        for row in np.flatnonzero(self._scorer.ranked_index(rows) < 0):
            others, baskets, lift = self.co_purchased(int(rows[row]))
            _, places, positions = np.intersect1d(columns, others, return_indices=True)
            observed = baskets[positions]
            links[row, places] = probability_of_lift(observed, lift[positions])

    def _representation(self, items: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Ranked items that represent `items`: their ranked indices [K], and the share of each, [P, K]."""
        own = self._scorer.ranked_index(items).astype(np.int64)
        cold = {int(row): self._neighbours_of(int(items[row])) for row in np.flatnonzero(own < 0)}
        known = np.unique(np.concatenate([own[own >= 0], *cold.values()]))
        shares = np.zeros((len(items), len(known)))
        shares[own >= 0, np.searchsorted(known, own[own >= 0])] = 1.0
        for row, neighbours in cold.items():
            shares[row, np.searchsorted(known, neighbours)] = 1 / max(len(neighbours), 1)
        return known, shares

    def _neighbours_of(self, item: int) -> NDArray[np.int64]:
        siblings = self._cold.neighbours(item)
        if len(siblings):
            return siblings
        similar = self._scorer.ranked_index(self.similar_items(item)[0])
        if (similar >= 0).any():
            return similar[similar >= 0][:NUM_NEIGHBOURS].astype(np.int64)
        category = int(self._catalogue.leaf[item])
        return self._neighbours[category] if category >= 0 else np.empty(0, dtype=np.int64)


def probability_of_lift(baskets: NDArray[np.int64], lift: NDArray[np.floating]) -> NDArray[np.float64]:
    """X / (1 + x), x the shrunk lift of pairs that `baskets` baskets hold."""
    odds = shrunk_lift(baskets, baskets / lift)
    return odds / (1.0 + odds)


def _neighbours_by_category(artifact: ModelArtifact) -> list[NDArray[np.int64]]:
    """The most bought ranked items in or below each category, else of its nearest ancestor with some."""
    parent, leaf = artifact.categories.parent.tolist(), artifact.catalogue.category
    ranked = artifact.ranked.item
    found: list[list[int]] = [[] for _ in parent]
    for ranked_index in np.argsort(-artifact.catalogue.baskets[ranked], kind="stable").tolist():
        category = int(leaf[ranked[ranked_index]])
        while category >= 0:
            if len(found[category]) < NUM_NEIGHBOURS:
                found[category].append(ranked_index)
            category = parent[category]
    neighbours: list[NDArray[np.int64]] = []
    for category in range(len(parent)):
        nearest = category
        while not found[nearest] and parent[nearest] >= 0:
            nearest = parent[nearest]
        neighbours.append(np.array(found[nearest], dtype=np.int64))
    return neighbours
