"""Scores of cold items: those that nobody bought while the model learned. NumPy alone: serving runs it.

A cold item i stands among its siblings, ranked items whose content is like its own, and in groups: its
category's parent, its category, its category and brand. For a query with scores s of the ranked items:

    siblings_v(i) = Σ_j w_v(i, j) s_j       by each view v of content (words, text, both); Σ_j w_v(i, j) = 1
    mass(i)       = log(1e-6 + mean exp(s_j - max s)) + max s    over the ranked items of i's category
    crowd(i)      = log(1 + how many these are)
    in_cart_g(i)  = 1 where the cart has an item of i's group g
    bought_g(i)   = log(1 + purchases by the user in i's group g)

    score(i) = b + Σ_f β_f f(i)

The weights are fitted, and the intercept calibrated, on items that were taken out as if they were cold
(`gnn.components.cold_items.fitting`); so a cold item's score stands on the scale of the ranked ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: The kinds of groups, in the order of `ColdItems.group`; the category's is what mass and crowd count.
GROUPS = ("parent", "category", "category_brand")

_CATEGORY = GROUPS.index("category")
_LEAST_MASS = 1e-6


@dataclass(frozen=True)
class ColdItems:
    """Which ranked indices are cold, and what their scores follow from. Columns of an artifact."""

    place: NDArray[np.int32]
    """Ranked index of each cold item, ascending, [num_cold]."""
    sibling: NDArray[np.int32]
    """Ranked index of each sibling, [num_views, num_cold, K]."""
    sibling_weight: NDArray[np.float32]
    """Sums to 1 an item and view, all 0 where the item has no such content, [num_views, num_cold, K]."""
    group: NDArray[np.int32]
    """Group of each cold item by kind, -1 for none, [3, num_cold]."""
    ranked_group: NDArray[np.int32]
    """Group of each ranked item by kind, -1 for none and for a cold one, [3, num_ranked]."""
    weights: NDArray[np.float32]
    """β in the order of `cold_feature_names`, then b."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What `ColdScorer.features` gives, in its order."""
        return cold_feature_names(len(self.sibling))


def cold_feature_names(num_views: int) -> tuple[str, ...]:
    """Names of the features of cold items with `num_views` views of content."""
    return (
        *(f"siblings_{view}" for view in range(num_views)),
        "mass",
        "crowd",
        *(f"in_cart_{kind}" for kind in GROUPS),
        *(f"bought_{kind}" for kind in GROUPS),
    )


class ColdScorer:
    """Scores the cold items of a model. Holds no state of a query: threads may share it."""

    def __init__(self, cold: ColdItems) -> None:
        self._cold = cold
        self._num_groups = 1 + max(int(cold.group.max(initial=-1)), int(cold.ranked_group.max(initial=-1)))
        sizes = self._count(_CATEGORY, np.arange(cold.ranked_group.shape[1]))
        self._size = self._of_group(_CATEGORY, sizes)

    def score(
        self,
        scores: NDArray[np.float32],
        *,
        cart: NDArray[np.integer],
        bought: NDArray[np.integer],
        counts: NDArray[np.floating],
    ) -> NDArray[np.float32]:
        """Scores of the cold items, [num_cold], for one query. The arguments are those of `features`."""
        features = self.features(scores, cart=cart, bought=bought, counts=counts)
        weights = self._cold.weights
        return np.asarray(weights[:-1] @ features + weights[-1], dtype=np.float32)

    def features(
        self,
        scores: NDArray[np.float32],
        *,
        cart: NDArray[np.integer],
        bought: NDArray[np.integer],
        counts: NDArray[np.floating],
    ) -> NDArray[np.float32]:
        """What `score` weighs, [num_features, num_cold].

        Args:
            scores: Of all ranked items, [num_ranked]; those of cold ones are not read.
            cart: Ranked indices of the cart and of the recent sequence.
            bought: Ranked indices of what the user bought.
            counts: Purchases of each of these.
        """
        cold = self._cold
        siblings = (cold.sibling_weight * scores[cold.sibling]).sum(axis=2)
        kinds = range(len(GROUPS))
        in_cart = [self._of_group(kind, self._count(kind, cart)) > 0 for kind in kinds]
        affinity = [np.log1p(self._of_group(kind, self._count(kind, bought, counts))) for kind in kinds]
        rows = [*siblings, self._mass(scores), np.log1p(self._size), *in_cart, *affinity]
        return np.stack([np.asarray(row, dtype=np.float32) for row in rows])

    def _mass(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        group = self._cold.ranked_group[_CATEGORY]
        known = np.flatnonzero(group >= 0)
        highest = float(scores[known].max(initial=-np.inf)) if len(known) else 0.0
        total = self._count(_CATEGORY, known, np.exp(scores[known] - highest))
        mean = self._of_group(_CATEGORY, total) / np.maximum(self._size, 1)
        return np.asarray(np.log(_LEAST_MASS + mean) + highest)

    def _count(
        self, kind: int, items: NDArray[np.integer], weights: NDArray[np.floating] | None = None
    ) -> NDArray[np.float64]:
        """How many of `items`, or what weight of them, each group of a kind has, [num_groups]."""
        group = self._cold.ranked_group[kind, items]
        kept = group >= 0
        chosen = None if weights is None else weights[kept]
        return np.bincount(group[kept], chosen, minlength=self._num_groups).astype(np.float64)

    def _of_group(self, kind: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """`values` of the groups as seen by each cold item, 0 where it is in none, [num_cold]."""
        group = self._cold.group[kind]
        found = np.zeros(len(group))
        found[group >= 0] = values[group[group >= 0]]
        return found
