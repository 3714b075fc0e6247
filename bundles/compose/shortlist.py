"""The candidates of one request as columns: all that composing looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.compose.category_breadth import CategoryBridges
from bundles.links import ItemLinks
from bundles.request.constraints import Rules
from gnn.artifact.model import ModelArtifact
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.substitutes import SubstitutePairs


@dataclass(frozen=True)
class Shortlist:
    """Columns over P candidates; the fixed items, those of every bundle, come first."""

    items: NDArray[np.int64]
    """Item indices, distinct."""
    num_fixed: int
    links: NDArray[np.float64]
    """[P, P], symmetric, diagonal 0"""
    bridges: NDArray[np.float64]
    """How strongly the level-0 categories of two items go together, above 0; 0 within one category and
    where one of them has none. [P, P], symmetric."""
    is_alike: NDArray[np.bool_]
    """Which replace each other: substitutes and variants, and each itself. [P, P], symmetric."""
    is_apart: NDArray[np.bool_]
    """Which two may not be in one set. [P, P], symmetric, diagonal false."""
    user_fit: NDArray[np.float64]
    """In [0, 1]."""
    price: NDArray[np.float64]
    """Minor units, NaN for none; `offer` and `cost` likewise."""
    offer: NDArray[np.float64]
    cost: NDArray[np.float64]
    root: NDArray[np.int32]
    """Index of the level-0 category, -1 for none."""


class ShortlistMaker:
    """Looks up the columns of candidates in one artifact."""

    def __init__(
        self, artifact: ModelArtifact, *, catalogue: ItemCatalogue, links: ItemLinks, scorer: ItemScorer
    ) -> None:
        self._catalogue, self._links, self._scorer = catalogue, links, scorer
        self._bridges = CategoryBridges(artifact.category_pairs)
        self._substitutes = SubstitutePairs(artifact.substitutes)

    def make(
        self,
        items: NDArray[np.int64],
        rules: Rules,
        *,
        ranked_fit: NDArray[np.float64] | None,
        offers: NDArray[np.int64],
    ) -> Shortlist:
        """The columns of `items`.

        Args:
            items: Item indices, distinct, the fixed items of `rules` first, [P].
            rules: What a bundle must satisfy.
            ranked_fit: `user_fit` of each ranked item, [num_ranked]; none where nothing is known of the
                visit.
            offers: Offer price of each item in minor units, -1 for none, [num_items].
        """
        catalogue = self._catalogue
        links = self._links.between(items, items)
        is_alike = self._substitutes.among(items) | np.eye(len(items), dtype=np.bool_)
        return Shortlist(
            items=items,
            num_fixed=len(rules.fixed),
            links=links,
            bridges=self._bridges.between(catalogue.root[items]),
            is_alike=is_alike,
            is_apart=_is_apart(links, is_alike, rules) | rules.decided.is_apart(items),
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
            ranked = self._scorer.ranked_index(items)
            user_fit[ranked >= 0] = ranked_fit[ranked[ranked >= 0]]
        return user_fit


def _is_apart(links: NDArray[np.float64], is_alike: NDArray[np.bool_], rules: Rules) -> NDArray[np.bool_]:
    """Substitutes, unless both are fixed or the request asks for them; and links below its minimum."""
    num_fixed = len(rules.fixed)
    is_apart = np.zeros_like(is_alike) if rules.substitutes else is_alike.copy()
    is_apart[:num_fixed, :num_fixed] = False
    if rules.min_link is not None:
        is_apart |= links < rules.min_link
    np.fill_diagonal(is_apart, False)
    return is_apart


def _known(minor_units: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(minor_units >= 0, minor_units, np.nan)
