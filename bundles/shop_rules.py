"""Which of the shop's own bundles satisfy what a request asks: all of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.present.pricing import offer_prices
from bundles.request.constraints import Rules, all_offers, may_accompany
from bundles.rules.decided import UNDECIDED, BundleWord, Decided
from gnn.artifact.model import ModelArtifact
from gnn.scoring.seasons import SeasonLift


class ShopBundleRules:
    """Checks the bundles of `artifact`."""

    def __init__(self, artifact: ModelArtifact, *, catalogue: ItemCatalogue, seasons: SeasonLift) -> None:
        self._bundles, self._promotions = artifact.bundles, artifact.promotions
        self._catalogue, self._seasons = catalogue, seasons
        sizes = np.diff(self._bundles.indptr)
        self._sizes, self._is_full = np.maximum(sizes, 1), sizes > 0
        self._of = np.repeat(np.arange(len(sizes)), sizes)
        self._num_roots = self._distinct_roots()
        self._by_items: dict[frozenset[int], list[int]] = defaultdict(list)
        for bundle, items in enumerate(np.split(self._bundles.item, self._bundles.indptr[1:-1])):
            self._by_items[frozenset(items.tolist())].append(bundle)

    def means(self, column: NDArray[np.number]) -> NDArray[np.float64]:
        """Mean of a column over items [num_items] in each bundle, [num_bundles]; 0 for an empty one."""
        return self._sums(column[self._bundles.item]) / self._sizes

    def words(self, decided: Decided) -> Mapping[int, BundleWord]:
        """What was decided about each bundle, by its index: by its id first, then by its items."""
        by_items = {
            bundle: word for items, word in decided.sets.items() for bundle in self._by_items.get(items, ())
        }
        return {
            bundle: decided.shop_bundles.get(bundle, UNDECIDED).over(by_items.get(bundle, UNDECIDED))
            for bundle in by_items.keys() | decided.shop_bundles.keys()
        }

    def satisfied(self, rules: Rules, words: Mapping[int, BundleWord]) -> NDArray[np.bool_]:
        """Which bundles satisfy `rules` but for `min_link`, [num_bundles]; `words` as of `rules.decided`."""
        item = self._bundles.item
        free = replace(rules, anchors=(), required=(), cart=())
        may_be_in = may_accompany(
            free, catalogue=self._catalogue, promotions=self._promotions, seasons=self._seasons
        )
        is_allowed: NDArray[np.bool_] = self._is_full & (self._sums(~may_be_in[item]) == 0)
        if rules.required:
            is_allowed &= self._sums(np.isin(item, rules.required)) == len(rules.required)
        if rules.min_categories > 1:
            is_allowed &= self._num_roots >= rules.min_categories
        if rules.has_price_limit:
            offers = self._offers(rules, words)
            is_allowed &= offers >= max(rules.price_min or 0, 0)
            is_allowed &= offers <= (np.inf if rules.price_max is None else rules.price_max)
        return is_allowed & ~self._is_barred(rules.decided, words)

    def _offers(self, rules: Rules, words: Mapping[int, BundleWord]) -> NDArray[np.int64]:
        """What each bundle costs in minor units, -1 where a price is not known, [num_bundles]."""
        prices = all_offers(rules, catalogue=self._catalogue, promotions=self._promotions)[self._bundles.item]
        lines = np.floor(np.maximum(prices, 0) * self._bundles.quantity + 0.5)
        totals = np.where(self._sums(prices < 0) > 0, -1, self._sums(lines)).astype(np.int64)
        offers = offer_prices(totals, self._bundles.discount)
        for bundle, word in words.items():
            if word.offer is not None:
                offers[bundle] = word.offer
        return offers

    def _is_barred(self, decided: Decided, words: Mapping[int, BundleWord]) -> NDArray[np.bool_]:
        """Which bundles hold a banned item or pair, or were rejected, [num_bundles]."""
        item = self._bundles.item
        is_barred = self._sums(np.isin(item, list(decided.banned))) > 0
        # Few bundles hold two items that must not meet something: these are looked at one by one.
        for bundle in np.flatnonzero(self._sums(np.isin(item, list(decided.partners))) >= 2).tolist():
            row = slice(*self._bundles.indptr[bundle : bundle + 2])
            is_barred[bundle] |= decided.holds_banned_pair(item[row].tolist())
        is_barred[[bundle for bundle, word in words.items() if word.verdict == "rejected"]] = True
        return is_barred

    def _distinct_roots(self) -> NDArray[np.int64]:
        root = self._catalogue.root[self._bundles.item]
        pairs = np.unique(np.stack([self._of, root], axis=1)[root >= 0], axis=0)
        return np.bincount(pairs[:, 0], minlength=len(self._sizes))

    def _sums(self, values: NDArray[np.number] | NDArray[np.bool_]) -> NDArray[np.float64]:
        """Sum over the items of each bundle, [num_bundles], of a value for each of its lines."""
        return np.bincount(self._of, values, minlength=len(self._sizes)).astype(np.float64)
