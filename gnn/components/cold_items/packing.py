"""Choosing cold items and packing what their scores follow from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.components.cold_items.siblings import cold_items
from gnn.data.content import Content
from gnn.scoring.cold_model import ColdModel


def fit_cold_model(
    content: Content,
    items: NDArray[np.integer],
    *,
    cold: NDArray[np.integer],
    ranked: NDArray[np.int32],
    weights: NDArray[np.float32],
) -> ColdModel:
    """The `cold` items beside the `ranked` ones (item indices, ascending).

    Args:
        content: Of `items`, in their order.
        items: Item indices, ascending, the ranked and the cold ones among them.
        cold: Of `gnn.components.cold_items.choice.cold_of_catalogue`.
        ranked: Those that the model ranks.
        weights: Of `gnn.components.cold_items.fitting.fit_cold_weights`, on content with as many views; without any, there are
            no cold items.
    """
    if not len(weights) or not len(cold):
        return ColdModel.none()
    together = np.union1d(ranked, cold)
    of_these = content.of_items(np.flatnonzero(np.isin(items, together)))
    return pack_cold(of_these, cold, np.flatnonzero(np.isin(together, cold)), weights=weights)


def pack_cold(
    content: Content,
    items: NDArray[np.integer],
    place: NDArray[np.integer],
    *,
    weights: NDArray[np.float32],
) -> ColdModel:
    """The items (item indices) at `place` among those of `content` as cold ones."""
    cold = cold_items(content, place, weights=weights)
    return ColdModel(item=np.asarray(items, dtype=np.int32), **vars(cold))
