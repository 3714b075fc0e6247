"""The candidates of one request as columns: the input of both searches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundles.links import CHANCE, probability_of_lift
from bundles.loaded_model import LoadedModel
from bundles.request.constraints import BundleConstraints
from gnn.scoring.catalogue import CategoryPairs


@dataclass(frozen=True)
class Shortlist:
    """Columns over P candidates; the fixed items, which every bundle holds, come first."""

    items: NDArray[np.int64]
    """Item indices, distinct."""
    num_fixed: int
    links: NDArray[np.float64]
    """[P, P], symmetric, diagonal 0"""
    category_strength: NDArray[np.float64]
    """How strongly the level-0 categories of two items are bought together, above 0; 0 within one category
    and where one item has none. [P, P], symmetric."""
    is_substitute: NDArray[np.bool_]
    """Which pairs are substitutes or variants; true on the diagonal. [P, P], symmetric."""
    is_conflict: NDArray[np.bool_]
    """Which pairs must not be in one set. [P, P], symmetric, diagonal false."""
    user_fit: NDArray[np.float64]
    """In [0, 1]."""
    price: NDArray[np.float64]
    """Minor units, NaN where unknown; `offer` and `cost` likewise."""
    offer: NDArray[np.float64]
    cost: NDArray[np.float64]
    root: NDArray[np.int32]
    """Index of the level-0 category, -1 for none."""


class ShortlistBuilder:
    """Builds shortlists from one artifact."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._category_strength = CategoryStrength(model.artifact.category_pairs)

    def build(
        self,
        items: NDArray[np.int64],
        constraints: BundleConstraints,
        *,
        ranked_fit: NDArray[np.float64] | None,
        offers: NDArray[np.int64],
    ) -> Shortlist:
        """The columns of `items`.

        Args:
            items: Item indices, distinct, the fixed items of `constraints` first, [P].
            constraints: Constraints on every bundle.
            ranked_fit: `user_fit` of each ranked item, [num_ranked]; None if nothing is known about the
                visitor.
            offers: Offer price of each item in minor units, -1 without one, [num_items].
        """
        catalogue = self._model.catalogue
        links = self._model.links.between(items, items)
        is_substitute = self._model.substitutes.among(items) | np.eye(len(items), dtype=np.bool_)
        return Shortlist(
            items=items,
            num_fixed=len(constraints.fixed),
            links=links,
            category_strength=self._category_strength.between(catalogue.root[items]),
            is_substitute=is_substitute,
            is_conflict=_conflicts(links, is_substitute, constraints) | constraints.rules.banned_pairs(items),
            user_fit=self._user_fit(items, ranked_fit),
            price=_known(catalogue.price[items]),
            offer=_known(offers[items]),
            cost=catalogue.cost[items],
            root=catalogue.root[items],
        )

    def _user_fit(
        self, items: NDArray[np.int64], ranked_fit: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        user_fit = np.zeros(len(items))
        if ranked_fit is not None:
            ranked = self._model.scorer.ranked_index(items)
            user_fit[ranked >= 0] = ranked_fit[ranked[ranked >= 0]]
        return user_fit


def _conflicts(
    links: NDArray[np.float64], is_substitute: NDArray[np.bool_], constraints: BundleConstraints
) -> NDArray[np.bool_]:
    """Substitutes, unless both are fixed or the request allows them, and links below its minimum."""
    num_fixed = len(constraints.fixed)
    is_conflict = np.zeros_like(is_substitute) if constraints.substitutes else is_substitute.copy()
    is_conflict[:num_fixed, :num_fixed] = False
    if constraints.min_link is not None:
        is_conflict |= links < constraints.min_link
    np.fill_diagonal(is_conflict, False)
    return is_conflict


def _known(minor_units: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(minor_units >= 0, minor_units, np.nan)


class CategoryStrength:
    """How strongly the level-0 categories of one artifact are bought together; breadth is weighted by it."""

    def __init__(self, pairs: CategoryPairs) -> None:
        self._lift = pairs.lift
        self._strength = probability_of_lift(pairs.baskets, pairs.lift.values)

    def between(self, roots: NDArray[np.int32]) -> NDArray[np.float64]:
        """The strength x / (1 + x) of each pair of `roots` [P], x the shrunk lift of the two, [P, P].

        0 within one category and where one of them is -1; chance for pairs without a count.
        """
        distinct, place = np.unique(roots, return_inverse=True)
        position = np.full(max(self._lift.num_rows, int(distinct.max(initial=-1)) + 1), -1)
        position[distinct[distinct >= 0]] = np.flatnonzero(distinct >= 0)
        strength = np.full((len(distinct), len(distinct)), CHANCE)
        for row, root in enumerate(distinct.tolist()):
            part = self._lift.entries(root) if root >= 0 else slice(0, 0)
            column = position[self._lift.indices[part]]
            strength[row, column[column >= 0]] = self._strength[part][column >= 0]
        np.fill_diagonal(strength, 0.0)
        strength[distinct < 0] = 0.0
        strength[:, distinct < 0] = 0.0
        return strength[place[:, None], place]
