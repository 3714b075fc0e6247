"""Substitutes: by titles and categories, by the shop's own links, and by what users buy and view."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.context import FitContext
from gnn.components.predicted_links.evidence import known_substitutes
from gnn.components.substitutes.behaviour import (
    ExpectedBaskets,
    Pairs,
    bought_as_substitutes,
    expected_baskets,
    viewed_as_substitutes,
)
from gnn.components.substitutes.product_types import (
    COMMON_SHARE,
    Words,
    common_words,
    product_types,
    product_words,
)
from gnn.data.purchases import Purchases
from gnn.scoring.catalogue import Catalogue
from gnn.scoring.containers import Csr
from gnn.scoring.statistics import shrunk_lift
from gnn.scoring.substitutes import Substitutes
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Items of one type that share no word and have this lift or more are complements.
MIN_COMPLEMENT_LIFT = 2.0


def fit_substitutes(context: FitContext) -> Substitutes:
    """Which items replace each other, by all purchases of `context`."""
    data = context.data
    return find_substitutes(data.edges, data.purchases, context.component(Catalogue))


def find_substitutes(edges: EdgeTables, purchases: Purchases, catalogue: Catalogue) -> Substitutes:
    """Which items replace each other; `purchases` has item indices as columns.

    Some categories are product types (`gnn.components.substitutes.product_types`). Variants are items of one
    type and brand, or elsewhere of one brand and the same words but for sizes, numbers and colours. Two items
    of one type that share no word and are bought together twice as often as by chance are complements.
    Further pairs are those that the shop links as substitutes, and those of
    `gnn.components.substitutes.behaviour`.
    """
    brands = ["", *edges.nodes["Brand"]["name"].fill_null("").to_pylist()]
    words = product_words(list(catalogue.titles), [brands[code + 1] for code in catalogue.brand])
    common = common_words(words, share=COMMON_SHARE)
    words = [title - common for title in words]
    expected = expected_baskets(purchases.lines)
    product_type = product_types(catalogue.category, words, expected)
    linked = known_substitutes(edges)
    # Of a pair that is there twice the last counts: the shop's own links overrule the rest.
    pairs = [
        _complements(edges, product_type, words, expected),
        bought_as_substitutes(expected, _contexts(edges)),
        viewed_as_substitutes(_viewers(edges), purchases.counts),
        (linked[:, 0], linked[:, 1], np.ones(len(linked))),
    ]
    score = _both_ways(pairs, num_items=len(words))
    logger.info(
        "product types of %d items, %d further pairs", (product_type >= 0).sum(), len(score.indices) // 2
    )
    return Substitutes(variants(product_type, catalogue.brand, words), product_type, score)


def variants(
    product_type: NDArray[np.int32], brand: NDArray[np.int32], words: Sequence[Words]
) -> NDArray[np.int32]:
    """Code of the product that each item is a variant of, -1 where it is the only one, [num_items].

    Items of one type and brand are variants; where type or brand is not known, those that also have the same
    `words`, at least one.
    """
    codes: dict[tuple[int, int, Words], int] = {}
    found = np.full(len(words), -1, dtype=np.int32)
    for item, (of_type, of_brand, title) in enumerate(
        zip(product_type.tolist(), brand.tolist(), words, strict=True)
    ):
        is_known = of_type >= 0 and of_brand >= 0
        if is_known or title:
            key = (of_type, of_brand, frozenset() if is_known else title)
            found[item] = codes.setdefault(key, len(codes))
    alone = np.bincount(found[found >= 0], minlength=len(codes)) < 2
    return np.where((found >= 0) & ~np.append(alone, True)[found], found, -1).astype(np.int32)


def _complements(
    edges: EdgeTables, product_type: NDArray[np.int32], words: Sequence[Words], expected: ExpectedBaskets
) -> Pairs:
    """Counted pairs of one type that are complements, with the score 0."""
    counted = edges.edges["Item", "CO_PURCHASED", "Item"]
    first, second = (counted[f"{end}_index"].to_numpy().astype(np.int64) for end in ("source", "target"))
    baskets = counted["baskets"].to_numpy().astype(np.float64)
    lift = shrunk_lift(baskets, expected.of_pairs(first, second))
    may_be = (product_type[first] == product_type[second]) & (product_type[first] >= 0)
    may_be &= lift >= MIN_COMPLEMENT_LIFT
    kept = [
        row
        for row in np.flatnonzero(may_be)
        if words[first[row]] and words[second[row]] and words[first[row]].isdisjoint(words[second[row]])
    ]
    return first[kept], second[kept], np.zeros(len(kept))


def _contexts(edges: EdgeTables) -> csr_matrix:
    """NPMI of each pair of items bought together more than by chance, both ways, [num_items, num_items]."""
    counted = edges.edges["Item", "CO_PURCHASED", "Item"]
    first, second = (counted[f"{end}_index"].to_numpy() for end in ("source", "target"))
    npmi = np.maximum(counted["npmi"].to_numpy(), 0.0)
    num_items = edges.nodes["Item"].num_rows
    one_way = csr_matrix((npmi, (first, second)), shape=(num_items, num_items))
    return csr_matrix(one_way + one_way.T)


def _viewers(edges: EdgeTables) -> csr_matrix:
    """1 where a user viewed an item, [num_users, num_items]."""
    viewed = edges.edges["User", "VIEWED", "Item"]
    places = tuple(viewed[f"{end}_index"].to_numpy() for end in ("source", "target"))
    shape = edges.nodes["User"].num_rows, edges.nodes["Item"].num_rows
    return csr_matrix((np.ones(viewed.num_rows, dtype=np.float32), places), shape=shape)


def _both_ways(pairs: Sequence[Pairs], *, num_items: int) -> Csr:
    """Scores of all `pairs` in both directions; of a pair that is there twice, the last."""
    first, second, score = (np.concatenate(columns) for columns in zip(*pairs, strict=True))
    number = np.minimum(first, second) * num_items + np.maximum(first, second)
    # `unique` keeps the first of equals: those at the end come first.
    number, place = np.unique(number[::-1], return_index=True)
    low, high = np.divmod(number, max(num_items, 1))
    score = np.tile(score[::-1][place], 2)
    row, other = np.concatenate([low, high]), np.concatenate([high, low])
    order = np.lexsort((other, row))
    return Csr.from_entries(row[order], other[order], score[order].astype(np.float32), num_rows=num_items)
