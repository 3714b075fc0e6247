"""The objectives of a set of items, each in [0, 1], and its score. All formulas are defined here.

coherence = (mean + min) / 2 of p(a, b) over its pairs (`bundles.links`; .5 is chance). A mean alone would
            hide one odd item, a minimum alone would ignore all other pairs; halfway between average and
            least satisfaction, as in group recommendation (Masthoff 2015)
user_fit  = mean over the added items of 1 - (1 - p)³, the probability to be in at least one of three baskets
            with the fixed items, for this visitor; p: `gnn.scoring.item_scores`. 0 where no item is added,
            nothing is known about the visitor, or an item is not ranked
breadth   = (distinct level-0 categories - 1) / (size.max - 1) · mean of x / (1 + x) over the pairs of items
            of two of them, x = the shrunk lift of the two categories (`bundles.links`); pairs bought
            together by chance count half
margin    = (offer - Σ cost) / offer, at least 0; unknown where a price or cost is unknown
discount  = 1 - offer / list; 0 where a price is unknown

score     = Σ weight · objective / Σ weight; an unknown margin counts as 0
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bundles.request.schemas import Weights

#: Baskets of `user_fit`: with one basket, the best items would differ little on the scale of the objectives.
NUM_BASKETS = 3


@dataclass(frozen=True)
class SetTotals:
    """Sums over the items of many sets; the arrays broadcast to one shape."""

    size: NDArray[np.int64]
    """Distinct items, at least 1."""
    num_fixed: int
    """Number of fixed items, which every set holds."""
    link_sum: NDArray[np.float64]
    """Sum of p over unordered pairs."""
    weakest_link: NDArray[np.float64]
    """Minimum p of a pair; +∞ for a single item."""
    category_strength_sum: NDArray[np.float64]
    """Sum of x / (1 + x) over the pairs of items of two level-0 categories."""
    num_category_pairs: NDArray[np.float64]
    """Number of such pairs."""
    num_roots: NDArray[np.float64]
    """Distinct level-0 categories."""
    fit_sum: NDArray[np.float64]
    """Sum of the fit of the items that are not fixed."""
    list_price: NDArray[np.float64]
    """Minor units, NaN where a price is unknown."""
    item_offers: NDArray[np.float64]
    """Sum of the offer prices of the items, before the discount of the bundle."""
    offer: NDArray[np.float64]
    cost: NDArray[np.float64]
    """Minor units, NaN where a cost is unknown."""


@dataclass(frozen=True)
class ObjectiveValues:
    """Objectives of many sets; arrays of one shape."""

    coherence: NDArray[np.float64]
    user_fit: NDArray[np.float64]
    breadth: NDArray[np.float64]
    margin: NDArray[np.float64]
    """NaN where unknown."""
    discount: NDArray[np.float64]
    score: NDArray[np.float64]
    weakest_link: NDArray[np.float64]
    """Minimum p of a pair; 0 for a single item."""

    def at(self, places: NDArray[np.int64]) -> ObjectiveValues:
        """The values at flat `places`, each [len(places)]."""
        return ObjectiveValues(*(getattr(self, field.name).ravel()[places] for field in fields(self)))


def compute_objectives(totals: SetTotals, *, weights: Weights, max_size: int) -> ObjectiveValues:
    """The objectives of many sets; a single item has coherence 0.

    Args:
        totals: Sums over their items.
        weights: Weight of each objective in the score.
        max_size: Maximum size of a set: `size.max` of the request.
    """
    num_pairs = totals.size * (totals.size - 1) / 2
    is_pair = num_pairs > 0
    weakest = np.where(is_pair, totals.weakest_link, 0.0)
    coherence = (totals.link_sum / np.maximum(num_pairs, 1) + weakest) / 2
    user_fit = totals.fit_sum / np.maximum(totals.size - totals.num_fixed, 1)
    spread = np.clip((totals.num_roots - 1) / (max_size - 1), 0, 1)
    breadth = spread * totals.category_strength_sum / np.maximum(totals.num_category_pairs, 1)
    is_sold = totals.offer > 0
    offer = np.where(is_sold, totals.offer, 1.0)
    margin = np.where(is_sold, np.clip((totals.offer - totals.cost) / offer, 0, 1), 0.0)
    margin = np.where(np.isnan(totals.offer) | np.isnan(totals.cost), np.nan, margin)
    list_price = np.where(totals.list_price > 0, totals.list_price, 1.0)
    discount = np.where(totals.list_price > 0, np.clip(1 - totals.offer / list_price, 0, 1), 0.0)
    total_weight = weights.coherence + weights.user_fit + weights.breadth + weights.margin + weights.discount
    score = (
        weights.coherence * coherence
        + weights.user_fit * user_fit
        + weights.breadth * breadth
        + weights.margin * np.nan_to_num(margin)
        + weights.discount * discount
    ) / total_weight
    return ObjectiveValues(coherence, user_fit, breadth, margin, discount, score, weakest)


def fit_from_chances(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability to be in at least one of `NUM_BASKETS` baskets: 1 - (1 - p)³."""
    fit: NDArray[np.float64] = 1 - (1 - chances) ** NUM_BASKETS
    return fit
