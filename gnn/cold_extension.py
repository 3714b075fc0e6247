"""Cold items join the ranked ones: which, and with what vectors, links and scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.artifact import ItemModel
from gnn.cold_fitting import COLD_SHARE
from gnn.cold_items import ColdItems
from gnn.cold_siblings import cold_items, spread_matrix
from gnn.content import Content
from gnn.propagation import keep_strongest

#: Cold items that any shop may have; larger catalogues have `COLD_SHARE` of what they rank.
LEAST_COLD = 1_000


def choose_cold(
    baskets: NDArray[np.integer],
    category: NDArray[np.integer],
    ranked: NDArray[np.integer],
    *,
    is_offered: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Item indices that are to be ranked though nobody bought them, ascending.

    Those of the categories that sell most an item come first, and no more are taken than leave room for what
    is known to sell: a shop's catalogue may be full of what it never sold.

    Args:
        baskets: Baskets that hold each item, [num_items].
        category: Category of each item, -1 for none, [num_items].
        ranked: Item indices that are ranked already.
        is_offered: Items that are in stock and have content, [num_items].
    """
    is_cold = is_offered & (baskets == 0)
    is_cold[ranked] = False
    found = np.flatnonzero(is_cold)
    most = max(LEAST_COLD, int(COLD_SHARE * len(ranked)))
    # Items without a category are a group of their own, the last.
    groups = np.where(category >= 0, category, category.max(initial=-1) + 1)
    sold = np.bincount(groups[ranked], baskets[ranked], minlength=groups.max(initial=0) + 1)
    held = np.bincount(groups[ranked], minlength=len(sold))
    order = np.argsort(-(sold / np.maximum(held, 1))[groups[found]], kind="stable")
    return np.sort(found[order[:most]]).astype(np.int32)


def with_cold_items(
    model: ItemModel, content: Content, items: NDArray[np.integer], *, weights: NDArray[np.float32]
) -> tuple[ItemModel, ColdItems]:
    """`model` ranking `items` (item indices) as well, and what their scores follow from.

    Each new item has the mean of its siblings' vectors, bias and EASE weights, by content: so it has links,
    and a place among candidates. What a query scores it is for `gnn.cold_items.ColdScorer` to say.

    Args:
        model: Ranks items that were bought.
        content: Of the items of `model` and of `items` together, by ascending item index.
        items: None of them ranked by `model`.
        weights: Of `gnn.cold_fitting.fit_cold_weights`.

    Raises:
        ValueError: If `content` is of another number of items.
    """
    ranked = np.union1d(model.ranked, items).astype(np.int32)
    if len(ranked) != len(content):
        raise ValueError(f"expected content of {len(ranked)} items, found that of {len(content)}")
    cold = cold_items(content, np.flatnonzero(np.isin(ranked, items)), weights=weights)
    spread = spread_matrix(cold, len(model.ranked))
    ease = csr_matrix((model.ease_weight, model.ease_item, model.ease_indptr), shape=(len(model.ranked),) * 2)
    longest = int(np.diff(model.ease_indptr).max(initial=0))
    ease = keep_strongest(csr_matrix(spread @ ease @ spread.T), longest)
    ease.sort_indices()
    is_known = np.isin(ranked, model.ranked)
    return (
        replace(
            model,
            ranked=ranked,
            source=_spread(spread, model.source),
            target=_spread(spread, model.target),
            history=_spread(spread, model.history),
            bias=_spread(spread, model.bias),
            ease_indptr=ease.indptr.astype(np.int64),
            ease_item=ease.indices.astype(np.int32),
            ease_weight=ease.data.astype(np.float32),
            baskets_4_weeks=_placed(is_known, model.baskets_4_weeks),
            baskets_16_weeks=_placed(is_known, model.baskets_16_weeks),
        ),
        cold,
    )


def _spread(spread: csr_matrix, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(spread @ rows, dtype=np.float32)


def _placed(is_known: NDArray[np.bool_], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """`values` of the known items, 0 for the cold ones."""
    placed = np.zeros(len(is_known), dtype=values.dtype)
    placed[is_known] = values
    return placed
