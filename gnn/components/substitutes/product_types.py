"""Product types: categories whose items serve the same purpose, so that a basket needs one of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.substitutes.behaviour import ExpectedBaskets
from gnn.scoring.statistics import shrunk_lift

#: A category with a larger share of the catalogue is too general to be a type by its titles.
MAX_SHARE = 1 / 3
#: Items of a category whose pairs have at most this lift replace each other, whatever their titles are.
MAX_LIFT = 0.5
#: A word names a type that more than this share of its titles have.
NAMED_SHARE = 0.5
#: A word does not distinguish products that more than this share of all titles have.
COMMON_SHARE = 0.5

_WORD = re.compile(r"[^\W\d_]{2,}")
_SIZES = frozenset(
    _WORD.findall(
        "ml cl dl ltr litre liter gal gallon qt pt oz fl floz gr kg mg lb lbs mm cm inch in ft feet gb tb mb "
        "mah hz pack packs pk pc pcs piece pieces ct count set pair dozen xs xl xxl xxxl small medium large "
        "mini maxi big extra double single size of the and with for"
    )
)
_COLOURS = frozenset(
    _WORD.findall(
        "black white red green blue yellow orange purple pink brown grey gray silver gold beige navy"
    )
)

Words = frozenset[str]


def product_words(titles: Sequence[str], brands: Sequence[str]) -> list[Words]:
    """The words of each title that name its product; none where nothing but a size is left.

    In lower case, without sizes, numbers, colours and the item's own brand.
    """
    return [
        _words(title) - _words(brand) - _SIZES - _COLOURS for title, brand in zip(titles, brands, strict=True)
    ]


def common_words(words: Iterable[Words], *, share: float) -> Words:
    """Words that more than `share` of the titles with words have."""
    titled = [title for title in words if title]
    holding = Counter(chain.from_iterable(titled))
    return frozenset(word for word, count in holding.items() if count > share * len(titled))


def product_types(
    category: NDArray[np.integer], words: Sequence[Words], expected: ExpectedBaskets
) -> NDArray[np.int32]:
    """The category of each item where it is a product type, else -1, [num_items].

    `category` is that of each item itself (-1 for none), not one above it; `words` are its `product_words`. A
    category is a product type

        where its items are bought together less than half as often as by chance; or
        where it holds a third of the catalogue or less, and
            its items are not bought together more than by chance, or one word names half of them, or
            most of them have no words.

    Yoghurts are bought several at a time, and are all called yoghurt: a type. Tins, whisks and baking paper
    are bought together as well and share no word: a category of baking goods, not a type.
    """
    num_categories = 1 + int(category.max(initial=-1))
    if not num_categories:
        return np.full(len(category), -1, dtype=np.int32)
    lift = _lift_within(category, expected, num_categories)
    sizes = np.bincount(category[category >= 0], minlength=num_categories)
    is_type = lift < MAX_LIFT
    may_be = ~is_type & (sizes <= MAX_SHARE * len(category))
    members = np.split(np.argsort(category, kind="stable")[(category < 0).sum() :], np.cumsum(sizes)[:-1])
    for code in np.flatnonzero(may_be):
        is_type[code] = lift[code] <= 1 or _is_named([words[item] for item in members[code]])
    return np.where(category >= 0, np.where(is_type[category], category, -1), -1).astype(np.int32)


def _is_named(words: Sequence[Words]) -> bool:
    """Whether a word names the items, or too few of them have words."""
    return 2 * sum(map(bool, words)) <= len(words) or bool(common_words(words, share=NAMED_SHARE))


def _lift_within(
    category: NDArray[np.integer], expected: ExpectedBaskets, num_categories: int
) -> NDArray[np.float64]:
    """Observed over expected pairs of different items of each category, [num_categories]."""
    items = np.flatnonzero(category >= 0)
    holds = csr_matrix((np.ones(len(items)), (items, category[items])), shape=(len(category), num_categories))
    counts = csr_matrix(expected.baskets @ holds).tocoo()
    observed = np.bincount(counts.col, counts.data * (counts.data - 1) / 2, minlength=num_categories)
    bought, squared = (
        np.bincount(category[items], expected.bought[items] ** power, minlength=num_categories)
        for power in (1, 2)
    )
    return shrunk_lift(np.asarray(observed, dtype=np.float64), expected.scale * (bought**2 - squared) / 2)


def _words(text: str) -> Words:
    return frozenset(_WORD.findall(text.casefold()))
