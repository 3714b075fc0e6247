"""What the merchandiser's word comes to in one catalogue: item indices and minor currency units."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bundles.present.discounts import DiscountPolicy

Verdict = Literal["approved", "pinned", "rejected"]


@dataclass(frozen=True)
class BundleWord:
    """What was decided about one bundle."""

    verdict: Verdict | None = None
    title: str = ""
    """Empty where it was not named."""
    offer: int | None = None
    """What it costs, in minor units; none where its items and discounts say."""

    @property
    def is_settled(self) -> bool:
        """Whether more than its title was decided: it is looked at by itself, and not found by search."""
        return self.verdict is not None or self.offer is not None

    def over(self, by_items: BundleWord) -> BundleWord:
        """This about a bundle of the shop, and what it leaves open as it was decided about its items.

        But for the price: the shop's bundle may hold several of an item.
        """
        return BundleWord(self.verdict or by_items.verdict, self.title or by_items.title, self.offer)


UNDECIDED = BundleWord()


@dataclass(frozen=True)
class Decided:
    """The decisions in force, as answers need them. Items are item indices.

    In no answer is a bundle that holds a banned item or a banned pair, or was rejected.
    """

    banned: frozenset[int] = frozenset()
    partners: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """Items that must not be with an item, for each that has some; a pair stands at both of its items."""
    sets: Mapping[frozenset[int], BundleWord] = field(default_factory=dict)
    """By the items of a bundle, those last decided about at the end."""
    shop_bundles: Mapping[int, BundleWord] = field(default_factory=dict)
    """By the index of the shop's own bundle."""
    discount: DiscountPolicy | None = None
    """The shop's policy, for requests that give none."""

    @cached_property
    def has_bars(self) -> bool:
        """Whether anything was banned or rejected."""
        is_rejected = any(word.verdict == "rejected" for word in self.sets.values())
        return bool(self.banned or self.partners or is_rejected)

    @cached_property
    def settled(self) -> tuple[frozenset[int], ...]:
        """The items of each bundle that is settled: pinned ones first, then those last decided about."""
        last_first = [(items, word) for items, word in self.sets.items() if word.is_settled][::-1]
        return tuple(items for items, _ in sorted(last_first, key=lambda entry: entry[1].verdict != "pinned"))

    def barred_beside(self, items: Iterable[int]) -> set[int]:
        """Items that must not be recommended beside `items`: those banned, and partners of `items`."""
        return set(self.banned).union(*(self.partners.get(item, ()) for item in items))

    def beside(self, cart: Collection[int], *, fixed: Collection[int]) -> Decided:
        """The same for a visitor who has `cart`: partners of what is in it are banned, but for `fixed`."""
        partners = self.barred_beside(cart).difference(self.banned, fixed)
        return replace(self, banned=self.banned | partners) if partners else self

    def holds_banned_pair(self, items: Iterable[int]) -> bool:
        """Whether two of `items` must not be together."""
        held = frozenset(items)
        return any(not held.isdisjoint(self.partners.get(item, ())) for item in held)

    def is_apart(self, items: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which two of `items` are a banned pair, [P, P], symmetric."""
        is_apart = np.zeros((len(items), len(items)), dtype=np.bool_)
        if self.partners:
            place = {item: position for position, item in enumerate(items.tolist())}
            for item in place.keys() & self.partners.keys():
                others = place.keys() & self.partners[item]
                is_apart[place[item], [place[other] for other in others]] = True
        return is_apart

    def words(self, items: NDArray[np.int64], members: NDArray[np.bool_]) -> list[BundleWord]:
        """What was decided about each of the sets `members` [K, P] of `items` [P]."""
        if not self.sets:
            return [UNDECIDED] * len(members)
        row, place = np.nonzero(members)
        ends = np.cumsum(np.bincount(row, minlength=len(members)))
        held = np.split(items[place], ends[:-1])
        return [self.sets.get(frozenset(each.tolist()), UNDECIDED) for each in held]

    def fixed_offers(self, items: NDArray[np.int64], members: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The price that was fixed for each of the sets `members` [K, P] of `items`, NaN for none, [K]."""
        offers = [word.offer for word in self.words(items, members)]
        return np.array([np.nan if offer is None else offer for offer in offers], dtype=np.float64)

    def have_verdict(
        self, items: NDArray[np.int64], members: NDArray[np.bool_], verdict: Verdict
    ) -> NDArray[np.bool_]:
        """Which of the sets `members` [K, P] of `items` have a verdict, [K]."""
        return np.array([word.verdict == verdict for word in self.words(items, members)], dtype=np.bool_)

    def without_bars(self) -> Decided:
        """The same, had nothing been banned and nothing rejected."""
        kept = {items: word for items, word in self.sets.items() if word.verdict != "rejected"}
        return replace(self, banned=frozenset(), partners={}, sets=kept)


#: Nothing was decided.
NOTHING_DECIDED = Decided()
