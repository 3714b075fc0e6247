"""The merchandising rules that are active in one catalogue, in item indices and minor currency units."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bundles.present.discounts import DiscountPolicy

Verdict = Literal["approved", "pinned", "rejected"]

#: A request considers at most this many curated bundles: pinned ones first, then the latest.
MAX_CURATED = 40


@dataclass(frozen=True)
class BundleRule:
    """A merchandiser's override of one bundle."""

    verdict: Verdict | None = None
    title: str = ""
    """Empty: no title was given."""
    offer: int | None = None
    """Fixed offer price in minor units; None: the price follows from items and discounts."""

    @property
    def is_curated(self) -> bool:
        """Whether the bundle has a verdict or a fixed price: it is then evaluated apart from the search."""
        return self.verdict is not None or self.offer is not None

    def with_fallback(self, by_items: BundleRule) -> BundleRule:
        """This rule of a shop's own bundle, completed by the rule of the same set of items.

        The price is not taken over: the shop's bundle may hold several of an item.
        """
        return BundleRule(self.verdict or by_items.verdict, self.title or by_items.title, self.offer)


NO_BUNDLE_RULE = BundleRule()


@dataclass(frozen=True)
class ActiveRules:
    """The active rules of one catalogue. Items are item indices.

    No answer holds a banned item, a banned pair or a rejected bundle.
    """

    banned: frozenset[int] = frozenset()
    banned_with: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """For each item of a banned pair, the items that must not be with it; symmetric."""
    bundles: Mapping[frozenset[int], BundleRule] = field(default_factory=dict)
    """Rules by the items of a bundle, the latest last."""
    shop_bundles: Mapping[int, BundleRule] = field(default_factory=dict)
    """Rules by the index of the shop's own bundle."""
    discount: DiscountPolicy | None = None
    """The shop's default policy, for requests without one."""

    @cached_property
    def curated(self) -> tuple[frozenset[int], ...]:
        """The items of each curated bundle: pinned ones first, then the latest rules first."""
        latest_first = [(items, rule) for items, rule in self.bundles.items() if rule.is_curated][::-1]
        return tuple(
            items for items, _ in sorted(latest_first, key=lambda entry: entry[1].verdict != "pinned")
        )

    def excluded_beside(self, items: Iterable[int]) -> set[int]:
        """Items that must not be recommended beside `items`: banned ones, and those of banned pairs."""
        return set(self.banned).union(*(self.banned_with.get(item, ()) for item in items))

    def for_cart(self, cart: Collection[int], *, fixed: Collection[int]) -> ActiveRules:
        """The rules for a visitor with `cart`: bans what must not be with a cart item, except `fixed`."""
        added = self.excluded_beside(cart).difference(self.banned, fixed)
        return replace(self, banned=self.banned | added) if added else self

    def holds_banned_pair(self, items: Iterable[int]) -> bool:
        """Whether two of `items` are a banned pair."""
        held = frozenset(items)
        return any(not held.isdisjoint(self.banned_with.get(item, ())) for item in held)

    def banned_pairs(self, items: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which pairs of `items` are banned, [P, P], symmetric."""
        is_banned = np.zeros((len(items), len(items)), dtype=np.bool_)
        if self.banned_with:
            place = {item: position for position, item in enumerate(items.tolist())}
            for item in place.keys() & self.banned_with.keys():
                others = place.keys() & self.banned_with[item]
                is_banned[place[item], [place[other] for other in others]] = True
        return is_banned

    def bundle_rules(self, items: NDArray[np.int64], members: NDArray[np.bool_]) -> list[BundleRule]:
        """The rule of each of the sets `members` [K, P] of `items` [P]."""
        if not self.bundles:
            return [NO_BUNDLE_RULE] * len(members)
        row, place = np.nonzero(members)
        ends = np.cumsum(np.bincount(row, minlength=len(members)))
        held = np.split(items[place], ends[:-1])
        return [self.bundles.get(frozenset(each.tolist()), NO_BUNDLE_RULE) for each in held]

    def fixed_offers(self, items: NDArray[np.int64], members: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The fixed price of each of the sets `members` [K, P] of `items`, NaN without one, [K]."""
        offers = [rule.offer for rule in self.bundle_rules(items, members)]
        return np.array([np.nan if offer is None else offer for offer in offers], dtype=np.float64)

    def have_verdict(
        self, items: NDArray[np.int64], members: NDArray[np.bool_], verdict: Verdict
    ) -> NDArray[np.bool_]:
        """Which of the sets `members` [K, P] of `items` have this verdict, [K]."""
        return np.array(
            [rule.verdict == verdict for rule in self.bundle_rules(items, members)], dtype=np.bool_
        )

    def without_exclusions(self) -> ActiveRules:
        """These rules without bans and rejections."""
        kept = {items: rule for items, rule in self.bundles.items() if rule.verdict != "rejected"}
        return replace(self, banned=frozenset(), banned_with={}, bundles=kept)

    def curated_items(
        self, *, fixed: tuple[int, ...], may_join: NDArray[np.bool_], size_min: int, size_max: int
    ) -> NDArray[np.int64]:
        """Items of the curated bundles that fit a request: candidates in addition to those that are found.

        Args:
            fixed: Items of every bundle; a curated bundle must hold them all.
            may_join: Items that may be added to them, [num_items].
            size_min: Least number of items.
            size_max: Greatest number of items.

        Returns:
            Item indices, each once, without `fixed`; empty where no curated bundle fits.
        """
        curated = [items for items in self.curated if self.bundles[items].verdict != "rejected"]
        if not curated:
            return np.zeros(0, dtype=np.int64)
        sizes = np.array([len(items) for items in curated])
        flat = np.fromiter(chain.from_iterable(curated), dtype=np.int64, count=int(sizes.sum()))
        starts = np.cumsum(sizes) - sizes
        is_fixed = np.isin(flat, fixed)
        fits = (sizes >= size_min) & (sizes <= size_max)
        fits &= np.add.reduceat(is_fixed, starts, dtype=np.int64) == len(fixed)
        fits &= np.logical_and.reduceat(is_fixed | may_join[flat], starts)
        considered = np.flatnonzero(fits)[:MAX_CURATED]
        is_wanted = np.repeat(np.isin(np.arange(len(curated)), considered), sizes) & ~is_fixed
        return np.unique(flat[is_wanted])

    def curated_members(self, items: NDArray[np.int64]) -> NDArray[np.bool_]:
        """The curated bundles, rejected ones too, whose items are all candidates `items`, [K, P]."""
        place = {item: position for position, item in enumerate(items.tolist())}
        inside = [held for held in self.curated if held <= place.keys()]
        members = np.zeros((len(inside), len(items)), dtype=np.bool_)
        for row, held in enumerate(inside):
            members[row, [place[item] for item in held]] = True
        return members


NO_ACTIVE_RULES = ActiveRules()
