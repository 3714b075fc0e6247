"""Filter the shop's own bundles by the constraints of a request, all bundles at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bundles.loaded_model import LoadedModel
from bundles.present.pricing import offer_prices
from bundles.request.constraints import BundleConstraints, all_offers, may_be_added
from bundles.rules.active import NO_BUNDLE_RULE, ActiveRules, BundleRule


class ShopBundleFilter:
    """Checks the shop's own bundles of one model against constraints."""

    def __init__(self, model: LoadedModel) -> None:
        self._model, self._bundles = model, model.artifact.bundles
        sizes = self._bundles.quantity.lengths
        self._sizes, self._is_full = np.maximum(sizes, 1), sizes > 0
        self._of = np.repeat(np.arange(len(sizes)), sizes)
        self._num_roots = self._distinct_roots()
        self._by_items: dict[frozenset[int], list[int]] = defaultdict(list)
        for bundle in range(len(sizes)):
            self._by_items[frozenset(self._bundles.quantity.row(bundle)[0].tolist())].append(bundle)

    def means(self, column: NDArray[np.number]) -> NDArray[np.float64]:
        """Mean of a column [num_items] over the items of each bundle, [num_bundles]; 0 if empty."""
        return self._sums(column[self._bundles.quantity.indices]) / self._sizes

    def overrides(self, rules: ActiveRules) -> Mapping[int, BundleRule]:
        """The rule of each bundle, by its index; a rule by its id precedes one by its items."""
        by_items = {
            bundle: rule for items, rule in rules.bundles.items() for bundle in self._by_items.get(items, ())
        }
        return {
            bundle: rules.shop_bundles.get(bundle, NO_BUNDLE_RULE).with_fallback(
                by_items.get(bundle, NO_BUNDLE_RULE)
            )
            for bundle in by_items.keys() | rules.shop_bundles.keys()
        }

    def satisfied(
        self, constraints: BundleConstraints, overrides: Mapping[int, BundleRule]
    ) -> NDArray[np.bool_]:
        """Which bundles satisfy `constraints`, except `min_link`, given the `overrides` of its rules."""
        item = self._bundles.quantity.indices
        free = replace(constraints, anchors=(), required=(), cart=())
        may_be_in = may_be_added(free, self._model)
        is_allowed: NDArray[np.bool_] = self._is_full & (self._sums(~may_be_in[item]) == 0)
        if constraints.required:
            is_allowed &= self._sums(np.isin(item, constraints.required)) == len(constraints.required)
        if constraints.min_categories > 1:
            is_allowed &= self._num_roots >= constraints.min_categories
        if constraints.has_price_limit:
            offers = self._offers(constraints, overrides)
            is_allowed &= offers >= max(constraints.price_min or 0, 0)
            is_allowed &= offers <= (np.inf if constraints.price_max is None else constraints.price_max)
        return is_allowed & ~self._is_excluded(constraints.rules, overrides)

    def _offers(
        self, constraints: BundleConstraints, overrides: Mapping[int, BundleRule]
    ) -> NDArray[np.int64]:
        """Offer price of each bundle in minor units, -1 where a price is unknown, [num_bundles]."""
        prices = all_offers(constraints, self._model)[self._bundles.quantity.indices]
        lines = np.floor(np.maximum(prices, 0) * self._bundles.quantity.values + 0.5)
        totals = np.where(self._sums(prices < 0) > 0, -1, self._sums(lines)).astype(np.int64)
        offers = offer_prices(totals, self._bundles.discount)
        for bundle, rule in overrides.items():
            if rule.offer is not None:
                offers[bundle] = rule.offer
        return offers

    def _is_excluded(self, rules: ActiveRules, overrides: Mapping[int, BundleRule]) -> NDArray[np.bool_]:
        """Which bundles hold a banned item or pair, or are rejected, [num_bundles]."""
        item = self._bundles.quantity.indices
        is_excluded = self._sums(np.isin(item, list(rules.banned))) > 0
        # Few bundles hold two items of banned pairs: check these one by one.
        for bundle in np.flatnonzero(self._sums(np.isin(item, list(rules.banned_with))) >= 2).tolist():
            held, _ = self._bundles.quantity.row(bundle)
            is_excluded[bundle] |= rules.holds_banned_pair(held.tolist())
        is_excluded[[bundle for bundle, rule in overrides.items() if rule.verdict == "rejected"]] = True
        return is_excluded

    def _distinct_roots(self) -> NDArray[np.int64]:
        root = self._model.catalogue.root[self._bundles.quantity.indices]
        pairs = np.unique(np.stack([self._of, root], axis=1)[root >= 0], axis=0)
        return np.bincount(pairs[:, 0], minlength=len(self._sizes))

    def _sums(self, values: NDArray[np.number] | NDArray[np.bool_]) -> NDArray[np.float64]:
        """Sum over the items of each bundle, [num_bundles], of a value for each of its lines."""
        return np.bincount(self._of, values, minlength=len(self._sizes)).astype(np.float64)
