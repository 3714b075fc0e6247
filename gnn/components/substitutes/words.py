"""What a title says of the product, without what only tells one variant of it from another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

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
    """What more than `share` of the titles that have words say."""
    titled = [title for title in words if title]
    holding = Counter(chain.from_iterable(titled))
    return frozenset(word for word, count in holding.items() if count > share * len(titled))


def _words(text: str) -> Words:
    return frozenset(_WORD.findall(text.casefold()))
