"""Which categories are product types: whose items do the same job, so that a basket needs one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.substitutes.chance import Chance
from gnn.components.substitutes.words import Words, common_words
from gnn.scoring.shrunk_lift import shrunk_lift

#: A category that holds more of the catalogue says nothing of what its items are for.
LARGEST_SHARE = 1 / 3
#: Items bought together less than so often as by chance replace each other, whatever they are called.
APART = 0.5
#: More of the titles of a product type than this have a word in common; one that more of all titles have says
#: nothing.
NAMED_SHARE, COMMON_SHARE = 0.5, 0.5


def product_types(category: NDArray[np.integer], words: Sequence[Words], chance: Chance) -> NDArray[np.int32]:
    """The category of each item where it is a product type, else -1, [num_items].

    `category` is that of each item itself (-1 for none), not one above it; `words` are those that tell its
    product. A category is a product type

        where its items are bought together less than half as often as by chance; or
        where it holds a third of the catalogue or less, and
            its items are not bought together more than by chance, or one word names half of them, or
            they have no titles to tell.

    Yoghurts are bought several at a time, and are all called yoghurt: a type. Tins, whisks and baking paper
    are bought together as well and share no name: a category to bake from, and no type.
    """
    num_categories = 1 + int(category.max(initial=-1))
    if not num_categories:
        return np.full(len(category), -1, dtype=np.int32)
    lift = _lift_within(category, chance, num_categories)
    sizes = np.bincount(category[category >= 0], minlength=num_categories)
    is_type = lift < APART
    may_be = ~is_type & (sizes <= LARGEST_SHARE * len(category))
    members = np.split(np.argsort(category, kind="stable")[(category < 0).sum() :], np.cumsum(sizes)[:-1])
    for code in np.flatnonzero(may_be):
        is_type[code] = lift[code] <= 1 or _is_named([words[item] for item in members[code]])
    return np.where(category >= 0, np.where(is_type[category], category, -1), -1).astype(np.int32)


def _is_named(words: Sequence[Words]) -> bool:
    """Whether a word names the items, or too few have words to tell."""
    return 2 * sum(map(bool, words)) <= len(words) or bool(common_words(words, share=NAMED_SHARE))


def _lift_within(category: NDArray[np.integer], chance: Chance, num_categories: int) -> NDArray[np.float64]:
    """Observed over expected pairs of different items of each category, [num_categories]."""
    items = np.flatnonzero(category >= 0)
    holds = csr_matrix((np.ones(len(items)), (items, category[items])), shape=(len(category), num_categories))
    counts = csr_matrix(chance.baskets @ holds).tocoo()
    observed = np.bincount(counts.col, counts.data * (counts.data - 1) / 2, minlength=num_categories)
    bought, squared = (
        np.bincount(category[items], chance.bought[items] ** power, minlength=num_categories)
        for power in (1, 2)
    )
    return shrunk_lift(np.asarray(observed, dtype=np.float64), chance.scale * (bought**2 - squared) / 2)
