"""Category links as the part of the artifact that serves them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import CategoryLinks
from gnn.components.category_links.counts import count_categories
from gnn.components.category_links.evaluation import linked_categories
from gnn.components.category_links.prior import CategoryPrior
from gnn.components.category_links.vectors import category_vectors
from gnn.components.fitting import FittedModel

#: Links that are kept a category.
NUM_LINKS = 50

_BLOCK = 500


def pack_category_links(
    model: FittedModel,
    prior: CategoryPrior | None,
    *,
    category: NDArray[np.integer],
    num_categories: int,
    num_links: int = NUM_LINKS,
) -> CategoryLinks:
    """Each category's `num_links` of largest lift; none without a prior.

    `category` is that of each item, −1 for none, [num_items].
    """
    if prior is None:
        return CategoryLinks.none(num_categories)
    categories = linked_categories(model, category)
    counts = count_categories(model.purchases, category, categories)
    vectors = category_vectors(model.links, category[model.ranked], categories)
    kept = min(num_links, max(len(categories) - 1, 0))
    lengths = np.zeros(num_categories, dtype=np.int64)
    lengths[categories] = kept
    others, baskets, lifts = [], [], []
    for start in range(0, len(categories), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(categories)))
        together = counts.together[rows].toarray()
        lift = prior.lift(together, counts.expected(rows), vectors.affinity(rows))
        lift[np.arange(len(rows)), rows] = -np.inf
        best = np.argsort(-lift, axis=1, kind="stable")[:, :kept]
        others.append(categories[best])
        baskets.append(np.take_along_axis(together, best, axis=1))
        lifts.append(np.take_along_axis(lift, best, axis=1))
    return CategoryLinks(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        category=np.concatenate(others).ravel().astype(np.int32),
        baskets=np.concatenate(baskets).ravel().astype(np.int64),
        lift=np.concatenate(lifts).ravel().astype(np.float32),
    )
