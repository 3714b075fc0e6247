"""Cold items beside those that a model ranks: where a query puts them, who speaks for them. NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.cold_items import ColdScorer
from gnn.scoring.cold_model import ColdModel
from gnn.scoring.item_scorer import Evidence


class ColdSlate:
    """The cold items of one artifact. Holds no state of a query: threads may share it."""

    def __init__(self, model: ColdModel) -> None:
        """`model` may be empty."""
        self.items = model.item
        """Item indices, ascending."""
        is_cold = np.zeros(model.ranked_group.shape[1], dtype=np.bool_)
        is_cold[model.place] = True
        self._known = np.flatnonzero(~is_cold)
        self._ranked_index = np.cumsum(~is_cold) - 1
        self._sibling, self._sibling_weight = model.sibling[-1], model.sibling_weight[-1]
        self._scorer = ColdScorer(model)

    def __len__(self) -> int:
        return len(self.items)

    def score(self, blend: NDArray[np.float32], evidence: Evidence) -> NDArray[np.float32]:
        """Scores of the cold items for one query, on the scale of its `blend` [num_ranked], [len(self)]."""
        scores = np.zeros(len(self._known) + len(self), dtype=np.float32)
        scores[self._known] = blend
        history = evidence.history
        return self._scorer.score(
            scores,
            cart=self._known[evidence.items],
            bought=self._known[history.item],
            counts=history.count,
        )

    def siblings(self, item: int) -> NDArray[np.int64]:
        """Ranked indices of the items most like a cold item, by item index; none for another item."""
        position = int(np.searchsorted(self.items, item))
        if position == len(self) or self.items[position] != item:
            return np.zeros(0, dtype=np.int64)
        is_like = self._sibling_weight[position] > 0
        siblings: NDArray[np.int64] = self._ranked_index[self._sibling[position][is_like]].astype(np.int64)
        return siblings


def beside(
    served: NDArray[np.float32], blend: NDArray[np.float32], cold: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Scores that put `cold` items as far down the `served` order as they stand in that of the `blend`.

    `served` and `blend` [num_ranked] are the two stages' scores of one query, `cold` is on the blend's scale.
    The result is on that of `served`, [num_cold]: a cold item that n items precede by the blend has the
    score of the n-th by what is served.
    """
    if not len(served) or not len(cold):
        return cold
    ahead = len(blend) - np.searchsorted(np.sort(blend), cold, side="right")
    below = np.sort(served)[::-1]
    scores = below[np.maximum(ahead - 1, 0)].copy()
    scores[ahead == 0] += 1.0
    return scores
