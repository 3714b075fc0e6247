"""From rules to sets: candidates, then beam search; and the name of the constraint where nothing is left."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.compose.beam import ComposedSets, compose_sets
from bundles.compose.candidates import CandidateFinder
from bundles.compose.sets import measure_sets
from bundles.compose.shortlist import Shortlist, ShortlistMaker
from bundles.compose.user_fit import fit_of_chances
from bundles.links import ItemLinks
from bundles.request.constraints import Rules, all_offers, are_affordable, may_be_fixed, may_join, relaxations
from bundles.request.schemas import Weights
from bundles.rules.offering import settled_items
from gnn.artifact.model import ModelArtifact
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.seasons import SeasonLift


@dataclass(frozen=True)
class Wish:
    """What is known of a visit."""

    chances: NDArray[np.float64] | None
    """How likely each ranked item is wanted beside the fixed items and the cart, [num_ranked]; none where
    nothing is known of the visit."""
    context: tuple[int, ...]
    """Items that candidates should go with."""


class Composer:
    """Composes sets from the items of one artifact."""

    def __init__(
        self,
        artifact: ModelArtifact,
        *,
        catalogue: ItemCatalogue,
        scorer: ItemScorer,
        links: ItemLinks,
        seasons: SeasonLift,
    ) -> None:
        self._catalogue, self._promotions, self._seasons = catalogue, artifact.promotions, seasons
        self._finder = CandidateFinder(
            catalogue=catalogue, scorer=scorer, links=links, co_purchases=artifact.co_purchases
        )
        self._maker = ShortlistMaker(artifact, catalogue=catalogue, links=links, scorer=scorer)

    @property
    def has_pairs(self) -> bool:
        """Whether any pair was counted more often than by chance: what an empty request starts from."""
        return self._finder.has_pairs

    def compose(
        self, rules: Rules, wish: Wish, *, weights: Weights, num_kept: int
    ) -> tuple[Shortlist, ComposedSets] | None:
        """The candidates, and at most `num_kept` sets of them of each size; none where no set is found."""
        shortlist = self.shortlist(rules, wish)
        if shortlist is None:
            return None
        sets = compose_sets(shortlist, rules, weights=weights, num_kept=num_kept)
        return (shortlist, sets) if len(sets.members) else None

    def shortlist(self, rules: Rules, wish: Wish) -> Shortlist | None:
        """The candidates; none where a fixed item fails what every item must satisfy."""
        if not may_be_fixed(rules, catalogue=self._catalogue)[list(rules.fixed)].all():
            return None
        offers = all_offers(rules, catalogue=self._catalogue, promotions=self._promotions)
        joining = may_join(
            rules, catalogue=self._catalogue, promotions=self._promotions, seasons=self._seasons
        )
        found = self._finder.find(
            rules,
            is_allowed=joining & are_affordable(rules, catalogue=self._catalogue, offers=offers),
            offers=offers,
            chances=wish.chances,
            context=wish.context,
        )
        settled = settled_items(
            rules.decided,
            fixed=rules.fixed,
            may_join=joining,
            size_min=rules.size_min,
            size_max=rules.size_max,
        )
        found = np.concatenate([found, np.setdiff1d(settled, found)])
        ranked_fit = None if wish.chances is None else fit_of_chances(wish.chances)
        return self._maker.make(found, rules, ranked_fit=ranked_fit, offers=offers)

    def as_it_is(
        self, items: NDArray[np.int64], rules: Rules, wish: Wish, *, quantity: NDArray[np.float64]
    ) -> tuple[Shortlist, ComposedSets]:
        """One bundle of `items` that nobody composed, `quantity` of each, measured by `rules`."""
        offers = all_offers(rules, catalogue=self._catalogue, promotions=self._promotions)
        ranked_fit = None if wish.chances is None else fit_of_chances(wish.chances)
        single = self._maker.make(items, rules, ranked_fit=ranked_fit, offers=offers)
        shortlist = replace(
            single,
            price=np.floor(single.price * quantity + 0.5),
            offer=np.floor(single.offer * quantity + 0.5),
            cost=single.cost * quantity,
        )
        members = np.ones((1, len(items)), dtype=np.bool_)
        values = measure_sets(shortlist, members, rules=rules, weights=Weights())
        return shortlist, ComposedSets(members, values)

    def why_empty(self, rules: Rules, wish: Wish) -> str:
        """A warning that names the constraint without which `rules` could be satisfied."""
        asked = relaxations(rules)
        guilty = [name for name, relaxed in asked if self._has_any(relaxed, wish)]
        are_alike = not rules.substitutes and self._has_any(replace(rules, substitutes=True), wish)
        if guilty:
            others = [f"without {name}" for name in guilty[1:]]
            others += ["with constraints.substitutes"] if are_alike else []
            also = f" ({' or '.join(others)} there would be some as well)" if others else ""
            return f"no bundle satisfies {guilty[0]}{also}"
        if are_alike:
            return "constraints.substitutes: no bundle of this size without items that replace each other"
        if asked:
            return f"no bundle satisfies {', '.join(name for name, _ in asked)} together"
        return "size: the catalogue has too few items"

    def _has_any(self, rules: Rules, wish: Wish) -> bool:
        return self.compose(rules, wish, weights=Weights(), num_kept=1) is not None
