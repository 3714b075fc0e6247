"""The candidates of one request as columns: all that composing looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.links import ItemLinks
from gnn.scorer import ItemScorer


@dataclass(frozen=True)
class Shortlist:
    """Columns over P candidates; the fixed items, those of every bundle, come first."""

    items: NDArray[np.int64]
    """Item indices, distinct."""
    num_fixed: int
    links: NDArray[np.float64]
    """[P, P], symmetric, diagonal 0"""
    user_fit: NDArray[np.float64]
    """In [0, 1]."""
    price: NDArray[np.float64]
    """Minor units, NaN for none; `offer` and `cost` likewise."""
    offer: NDArray[np.float64]
    cost: NDArray[np.float64]
    leaf: NDArray[np.int32]
    """Category index, -1 for none."""
    root: NDArray[np.int32]
    """Index of the level-0 category, -1 for none."""


def make_shortlist(
    items: NDArray[np.int64],
    num_fixed: int,
    *,
    catalogue: ItemCatalogue,
    links: ItemLinks,
    scorer: ItemScorer,
    ranked_fit: NDArray[np.float64] | None,
    offers: NDArray[np.int64],
) -> Shortlist:
    """The columns of `items`, of which the first `num_fixed` are in every bundle.

    Args:
        items: Item indices, distinct, [P].
        num_fixed: How many of them every bundle holds.
        catalogue: Prices and categories.
        links: How strongly they belong together.
        scorer: Which of them are ranked.
        ranked_fit: `user_fit` of each ranked item, [num_ranked]; none where nothing is known of the visitor.
        offers: Offer price of each item in minor units, -1 for none, [num_items].
    """
    user_fit = np.zeros(len(items))
    if ranked_fit is not None:
        ranked = scorer.ranked_index(items)
        user_fit[ranked >= 0] = ranked_fit[ranked[ranked >= 0]]
    return Shortlist(
        items=items,
        num_fixed=num_fixed,
        links=links.between(items, items),
        user_fit=user_fit,
        price=_known(catalogue.price[items]),
        offer=_known(offers[items]),
        cost=catalogue.cost[items],
        leaf=catalogue.leaf[items],
        root=catalogue.root[items],
    )


def _known(minor_units: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(minor_units >= 0, minor_units, np.nan)
