"""Protocol G's task: from one item of a real basket, compose the others; and the metrics of a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries

#: Items of a bundle with its anchor: one size after the other.
SIZES = (3, 4)
MAX_ADDED = max(SIZES) - 1

METRICS = ("hit share", "any hit", "departments", "cross hit share")


@dataclass(frozen=True)
class AnchoredBaskets:
    """Baskets of which one item is known. Items are ranked indices."""

    anchors: NDArray[np.int64]
    """[Q]"""
    users: NDArray[np.int64]
    """User index, -1 for an anonymous basket, [Q]."""
    others: csr_matrix
    """1 for each other item of the basket, [Q, num_ranked]."""
    num_added: NDArray[np.int64]
    """Items that a bundle adds to the anchor, [Q]."""

    def __len__(self) -> int:
        return len(self.anchors)

    def __getitem__(self, part: slice) -> AnchoredBaskets:
        return AnchoredBaskets(self.anchors[part], self.users[part], self.others[part], self.num_added[part])


#: Added items of each basket's bundle, in the order added, -1 where there are fewer, [Q, MAX_ADDED].
Compose = Callable[[AnchoredBaskets], NDArray[np.int64]]


def anchored_baskets(queries: CompletionQueries) -> AnchoredBaskets:
    """Protocol B's queries reversed: the hidden item is the anchor, the cart is to be composed."""
    sizes = np.resize(np.array(SIZES), len(queries))
    return AnchoredBaskets(queries.hidden, queries.users, queries.carts, sizes - 1)


def bundle_values(
    added: NDArray[np.int64], baskets: AnchoredBaskets, *, root: NDArray[np.int32]
) -> dict[str, NDArray[np.float64]]:
    """`METRICS` of each basket's bundle, [Q] each. A place that stays empty is a miss.

    hit share = |added ∩ basket| / (size - 1)
    any hit = 1 where an added item was in the basket
    departments = distinct level-0 categories of the bundle, anchor included; an item without one counts none
    cross hit share = |{i ∈ added ∩ basket : department of i ≠ the anchor's}| / (size - 1)

    Args:
        added: The result of a `Compose`.
        baskets: Its argument.
        root: Level-0 category of each ranked item, -1 for none.
    """
    is_there = (added >= 0) & (np.arange(added.shape[1]) < baskets.num_added[:, None])
    row = np.repeat(np.arange(len(baskets)), added.shape[1])
    held = np.asarray(baskets.others[row, np.maximum(added, 0).ravel()]).reshape(added.shape)
    is_hit = is_there & (held > 0)
    roots = np.where(is_there, root[np.maximum(added, 0)], -1)
    anchor_root = root[baskets.anchors][:, None]
    every_root = np.sort(np.concatenate([anchor_root, roots], axis=1), axis=1)
    is_new = np.diff(every_root, axis=1, prepend=-1) > 0
    return {
        "hit share": is_hit.sum(axis=1) / baskets.num_added,
        "any hit": is_hit.any(axis=1).astype(np.float64),
        "departments": is_new.sum(axis=1).astype(np.float64),
        "cross hit share": (is_hit & (roots != anchor_root)).sum(axis=1) / baskets.num_added,
    }


def means_of(
    values: Mapping[str, NDArray[np.float64]], kept: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """Mean of each metric over the baskets, or those `kept`."""
    return {
        metric: float((column if kept is None else column[kept]).mean()) for metric, column in values.items()
    }


def is_cross_department(baskets: AnchoredBaskets, root: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Baskets of which no other item is of the anchor's level-0 category, [Q]."""
    rows, items = baskets.others.nonzero()
    same = root[items] == root[baskets.anchors[rows]]
    return np.asarray(np.bincount(rows[same], minlength=len(baskets)) == 0)
