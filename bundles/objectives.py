"""How good a set of items is, on each of several objectives in [0, 1].

coherence = mean of p(a, b) over its pairs (`bundles.links`: .5 is chance)
user_fit  = mean over its items of z⁺ / (z⁺ + 2), z = the standard score of the item among all ranked items
for
            this user, cart and sequence; 0 where nothing is known of the visitor or the item is not ranked
breadth   = (distinct level-0 categories - 1) / (size.max - 1)
margin    = (offer - Σ cost) / offer, at least 0; none where a price or cost is not known
discount  = 1 - offer / list; 0 where a price is not known

score     = Σ weight · objective / Σ weight, a margin that is not known counting 0
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundles.requests import Weights

_HALF_FIT = 2.0


@dataclass(frozen=True)
class SetTotals:
    """Sums over the items of many sets; arrays of one shape."""

    size: int
    link_sum: NDArray[np.float64]
    """Over unordered pairs."""
    fit_sum: NDArray[np.float64]
    num_roots: NDArray[np.float64]
    """Distinct level-0 categories."""
    list_price: NDArray[np.float64]
    """Minor units, NaN where a price is not known."""
    offer: NDArray[np.float64]
    cost: NDArray[np.float64]
    """Minor units, NaN where a cost is not known."""


@dataclass(frozen=True)
class ObjectiveValues:
    """Objectives of many sets; arrays of one shape."""

    coherence: NDArray[np.float64]
    user_fit: NDArray[np.float64]
    breadth: NDArray[np.float64]
    margin: NDArray[np.float64]
    """NaN where not known."""
    discount: NDArray[np.float64]
    score: NDArray[np.float64]


def measure(totals: SetTotals, *, weights: Weights, max_size: int) -> ObjectiveValues:
    """The objectives of sets of one size, which is at least 1; a single item has coherence 0."""
    num_pairs = totals.size * (totals.size - 1) / 2
    coherence = totals.link_sum / max(num_pairs, 1)
    user_fit = totals.fit_sum / totals.size
    breadth = np.clip((totals.num_roots - 1) / (max_size - 1), 0, 1)
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
    return ObjectiveValues(coherence, user_fit, breadth, margin, discount, score)


def fit_of_scores(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """The `user_fit` of each ranked item from its score for a visitor, [num_ranked]."""
    spread = float(scores.std())
    standard = (scores - scores.mean()) / spread if spread > 0 else np.zeros(len(scores))
    above = np.maximum(standard, 0.0).astype(np.float64)
    return above / (above + _HALF_FIT)
