"""Compose sets under constraints: candidates, beam search, and the blocking constraint if none is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bundles.compose.beam import ComposedSets, compose_sets
from bundles.compose.candidates import CandidateFinder
from bundles.compose.objectives import fit_from_chances
from bundles.compose.sets import measure_sets
from bundles.compose.shortlist import Shortlist, ShortlistBuilder
from bundles.loaded_model import LoadedModel
from bundles.request.constraints import (
    BundleConstraints,
    all_offers,
    is_affordable,
    may_be_fixed,
    may_join,
    relaxations,
)
from bundles.request.schemas import Weights
from bundles.request.visitor import VisitorPreference


class Composer:
    """Composes sets from the items of one artifact."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._finder, self._builder = CandidateFinder(model), ShortlistBuilder(model)

    @property
    def has_pairs(self) -> bool:
        """Whether any pair was bought together above chance; empty requests start from such pairs."""
        return self._finder.has_pairs

    def compose(
        self,
        constraints: BundleConstraints,
        preference: VisitorPreference,
        *,
        weights: Weights,
        num_kept: int,
    ) -> tuple[Shortlist, ComposedSets] | None:
        """The candidates, and at most `num_kept` sets of each size; None if there is no set."""
        shortlist = self.shortlist(constraints, preference)
        if shortlist is None:
            return None
        sets = compose_sets(shortlist, constraints, weights=weights, num_kept=num_kept)
        return (shortlist, sets) if len(sets.members) else None

    def shortlist(self, constraints: BundleConstraints, preference: VisitorPreference) -> Shortlist | None:
        """The candidates; None if a fixed item violates a constraint on every item."""
        if not may_be_fixed(constraints, catalogue=self._model.catalogue)[list(constraints.fixed)].all():
            return None
        offers = all_offers(constraints, self._model)
        joining = may_join(constraints, self._model)
        found = self._finder.find(
            constraints,
            is_allowed=joining & is_affordable(constraints, catalogue=self._model.catalogue, offers=offers),
            offers=offers,
            chances=preference.chances,
            context=preference.context,
        )
        curated = constraints.rules.curated_items(
            fixed=constraints.fixed,
            may_join=joining,
            size_min=constraints.size_min,
            size_max=constraints.size_max,
        )
        found = np.concatenate([found, np.setdiff1d(curated, found)])
        ranked_fit = None if preference.chances is None else fit_from_chances(preference.chances)
        return self._builder.build(found, constraints, ranked_fit=ranked_fit, offers=offers)

    def measure_as_given(
        self,
        items: NDArray[np.int64],
        constraints: BundleConstraints,
        preference: VisitorPreference,
        *,
        quantity: NDArray[np.floating],
    ) -> tuple[Shortlist, ComposedSets]:
        """One given bundle of `items`, `quantity` of each, with its objectives under `constraints`."""
        offers = all_offers(constraints, self._model)
        ranked_fit = None if preference.chances is None else fit_from_chances(preference.chances)
        single = self._builder.build(items, constraints, ranked_fit=ranked_fit, offers=offers)
        shortlist = replace(
            single,
            price=np.floor(single.price * quantity + 0.5),
            offer=np.floor(single.offer * quantity + 0.5),
            cost=single.cost * quantity,
        )
        members = np.ones((1, len(items)), dtype=np.bool_)
        values = measure_sets(shortlist, members, constraints=constraints, weights=Weights())
        return shortlist, ComposedSets(members, values)

    def explain_empty(self, constraints: BundleConstraints, preference: VisitorPreference) -> str:
        """A warning that names the blocking constraints: those without which a bundle could be found."""
        relaxed_by = relaxations(constraints)
        blocking = [name for name, relaxed in relaxed_by if self._has_any(relaxed, preference)]
        only_substitutes = not constraints.substitutes and self._has_any(
            replace(constraints, substitutes=True), preference
        )
        if blocking:
            others = [f"without {name}" for name in blocking[1:]]
            others += ["with constraints.substitutes"] if only_substitutes else []
            also = f" ({' or '.join(others)} there would be some as well)" if others else ""
            return f"no bundle satisfies {blocking[0]}{also}"
        if only_substitutes:
            return "constraints.substitutes: no bundle of this size without items that replace each other"
        if relaxed_by:
            return f"no bundle satisfies {', '.join(name for name, _ in relaxed_by)} together"
        return "size: the catalogue has too few items"

    def _has_any(self, constraints: BundleConstraints, preference: VisitorPreference) -> bool:
        return self.compose(constraints, preference, weights=Weights(), num_kept=1) is not None
