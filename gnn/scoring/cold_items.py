"""Scores of cold items: those that nobody bought while the model learned. NumPy alone: serving runs it.

A cold item i is scored by its nearest neighbours, ranked items of similar content, and by its groups: its
category's parent, its category, its category and brand. For a query with scores s of the ranked items:

    neighbours_v(i) = Σ_j w_v(i, j) s_j     by each view v of content (words, text, both); Σ_j w_v(i, j) = 1
    mass(i)         = log(1e-6 + mean exp(s_j - max s)) + max s    over the ranked items of i's category
    crowd(i)        = log(1 + how many these are)
    in_cart_g(i)    = 1 where the cart has an item of i's group g
    bought_g(i)     = log(1 + purchases by the user in i's group g)

    score(i) = b + Σ_f β_f f(i)

The weights are fitted, and the intercept calibrated, on ranked items that are held out as if they were cold
(`gnn.components.cold_items.fitting`); so a cold item's score is on the scale of the ranked ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.containers import zeros_field
from gnn.scoring.item_scorer import Evidence

#: The kinds of groups, in the order of `ColdItems.group`; the category's is what mass and crowd count.
GROUPS = ("parent", "category", "category_brand")

_CATEGORY = GROUPS.index("category")
_LEAST_MASS = 1e-6


@dataclass(frozen=True)
class ColdItems:
    """Cold items, and the neighbours and groups that their scores follow from.

    Ranked indices count the ranked and the cold items together here, by ascending item index. `ColdItems()`
    is that of a shop without cold items, or whose past does not show where they should rank.
    """

    item: NDArray[np.int32] = zeros_field(np.int32)
    """Item index of each cold item, ascending, [num_cold]."""
    place: NDArray[np.int32] = zeros_field(np.int32)
    """Ranked index of each cold item, ascending, [num_cold]."""
    neighbour: NDArray[np.int32] = zeros_field(np.int32, 1, 0, 0)
    """Ranked index of each neighbour, [num_views, num_cold, K]."""
    neighbour_weight: NDArray[np.float32] = zeros_field(np.float32, 1, 0, 0)
    """Sums to 1 an item and view, all 0 where the item has no such content, [num_views, num_cold, K]."""
    group: NDArray[np.int32] = zeros_field(np.int32, 3, 0)
    """Group of each cold item by kind, -1 for none, [3, num_cold]."""
    ranked_group: NDArray[np.int32] = zeros_field(np.int32, 3, 0)
    """Group of each ranked item by kind, -1 for none and for a cold one, [3, num_ranked]."""
    weights: NDArray[np.float32] = zeros_field(np.float32)
    """β in the order of `cold_feature_names`, then b."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of `ColdScorer.features`, in its order."""
        return cold_feature_names(len(self.neighbour))


def cold_feature_names(num_views: int) -> tuple[str, ...]:
    """Names of the features of cold items with `num_views` views of content."""
    return (
        *(f"neighbours_{view}" for view in range(num_views)),
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
        """The features that `score` weighs, [num_features, num_cold].

        Args:
            scores: Of all ranked items, [num_ranked]; those of cold ones are not read.
            cart: Ranked indices of the cart and of the recent sequence.
            bought: Ranked indices of the items that the user bought.
            counts: Purchases of each of `bought`.
        """
        cold = self._cold
        neighbours = (cold.neighbour_weight * scores[cold.neighbour]).sum(axis=2)
        kinds = range(len(GROUPS))
        in_cart = [self._of_group(kind, self._count(kind, cart)) > 0 for kind in kinds]
        affinity = [np.log1p(self._of_group(kind, self._count(kind, bought, counts))) for kind in kinds]
        rows = [*neighbours, self._mass(scores), np.log1p(self._size), *in_cart, *affinity]
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


class ColdSlate:
    """The cold items of one artifact. Holds no state of a query: threads may share it."""

    def __init__(self, model: ColdItems) -> None:
        """`model` may be empty."""
        self.items = model.item
        """Item indices, ascending."""
        is_cold = np.zeros(model.ranked_group.shape[1], dtype=np.bool_)
        is_cold[model.place] = True
        self._known = np.flatnonzero(~is_cold)
        self._ranked_index = np.cumsum(~is_cold) - 1
        self._neighbour, self._neighbour_weight = model.neighbour[-1], model.neighbour_weight[-1]
        self._scorer = ColdScorer(model)

    def __len__(self) -> int:
        return len(self.items)

    def score(self, first: NDArray[np.float32], evidence: Evidence) -> NDArray[np.float32]:
        """Scores of the cold items for one query, on the scale of its `first` [num_ranked], [len(self)]."""
        scores = np.zeros(len(self._known) + len(self), dtype=np.float32)
        scores[self._known] = first
        history = evidence.history
        return self._scorer.score(
            scores,
            cart=self._known[evidence.items],
            bought=self._known[history.item],
            counts=history.count,
        )

    def neighbours(self, item: int) -> NDArray[np.int64]:
        """Ranked indices of the neighbours of a cold item (item index); none for any other item."""
        position = int(np.searchsorted(self.items, item))
        if position == len(self) or self.items[position] != item:
            return np.zeros(0, dtype=np.int64)
        is_near = self._neighbour_weight[position] > 0
        neighbours: NDArray[np.int64] = self._ranked_index[self._neighbour[position][is_near]].astype(
            np.int64
        )
        return neighbours


def insert_by_rank(
    cold: NDArray[np.float32], *, first: NDArray[np.float32], served: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Served scores of cold items that keep the rank they have by the first stage, [num_cold].

    `first` and `served` [num_ranked] are the two stages' scores of one query, `cold` is on the scale of
    `first`. A cold item that n items precede by the first stage gets the served score of the n-th.
    """
    if not len(served) or not len(cold):
        return cold
    ahead = len(first) - np.searchsorted(np.sort(first), cold, side="right")
    below = np.sort(served)[::-1]
    scores = below[np.maximum(ahead - 1, 0)].copy()
    scores[ahead == 0] += 1.0
    return scores
