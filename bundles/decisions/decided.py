"""What the merchandiser's word comes to in one catalogue: item indices and minor currency units."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bundles.decisions.requests import Decision

Verdict = Literal["approved", "pinned", "rejected"]


@dataclass(frozen=True)
class BundleWord:
    """What was decided about one bundle."""

    verdict: Verdict | None = None
    title: str = ""
    """Empty where it was not named."""
    offer: int | None = None
    """What it costs, in minor units; none where its items say."""


UNDECIDED = BundleWord()


@dataclass(frozen=True)
class Decided:
    """The decisions in force, as answers need them. Items are item indices.

    A bundle is *barred* when it holds a banned item or a banned pair, or was rejected: it is in no answer.
    """

    banned: frozenset[int] = frozenset()
    partners: Mapping[int, frozenset[int]] = field(default_factory=lambda: MappingProxyType({}))
    """Items that must not be with an item, for each that has some; a pair stands at both of its items."""
    sets: Mapping[frozenset[int], BundleWord] = field(default_factory=lambda: MappingProxyType({}))
    """By the items of a bundle, in the order in which they were first decided about."""
    shop_bundles: Mapping[int, BundleWord] = field(default_factory=lambda: MappingProxyType({}))
    """By the index of the shop's own bundle."""
    discount: Decision | None = None
    """The shop's discount policy."""

    def barred_beside(self, items: Iterable[int]) -> set[int]:
        """Items that must not be recommended beside `items`: those banned, and partners of `items`."""
        return set(self.banned).union(*(self.partners.get(item, ()) for item in items))

    def is_barred(self, items: Collection[int]) -> bool:
        """Whether a bundle of `items` is in no answer."""
        held = frozenset(items)
        return (
            not held.isdisjoint(self.banned)
            or any(not held.isdisjoint(self.partners.get(item, ())) for item in held)
            or self.sets.get(held, UNDECIDED).verdict == "rejected"
        )

    def is_apart(self, items: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which two of `items` are a banned pair, [P, P], symmetric."""
        is_apart = np.zeros((len(items), len(items)), dtype=np.bool_)
        for place, item in enumerate(items.tolist()):
            if item in self.partners:
                is_apart[place] = np.isin(items, list(self.partners[item]))
        return is_apart

    def without_bars(self) -> Decided:
        """The same, had nothing been banned and nothing rejected."""
        kept = {items: word for items, word in self.sets.items() if word.verdict != "rejected"}
        return replace(self, banned=frozenset(), partners={}, sets=kept)


#: Nothing was decided.
NOTHING_DECIDED = Decided()
