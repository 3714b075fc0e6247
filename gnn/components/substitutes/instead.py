"""Pairs bought or looked at alike, of which baskets hold one or the other: whatever they are called.

Evidence that needs counts is sought among the busiest items alone, so that time and memory do not grow with
the square of the catalogue; of rarer ones counts do not tell a substitute from a stranger.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from gnn.components.substitutes.chance import Chance, chance_of
from gnn.scoring.shrunk_lift import shrunk_lift

MOST_ITEMS = 2_000
#: Both are bought together less than this much of what chance, or their viewers, would have it.
APART = 0.5
#: Baskets that chance would have to hold both, lest their absence says nothing.
LEAST_EXPECTED = 10.0
#: Cosine of what else is bought with both: so much alike is one pair in twenty of a grocer's busiest.
ALIKE = 0.35
#: Pairs are viewed by the same users so many times as often as by chance.
VIEWED_TOGETHER = 2.0

#: First item index, second item index (higher), score in (0, 1].
Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def bought_instead(chance: Chance, contexts: csr_matrix) -> Pairs:
    """Pairs bought with the same things, yet together less than half as often as by chance.

    Their score is the cosine; `contexts` [num_items, num_items] says how strongly each item is bought with
    each other.
    """
    items = _busiest(chance.bought)
    expected = chance.expected(items)
    lift = shrunk_lift(chance.together(items), expected)
    cosine = _cosines(contexts, items)
    return _pairs(items, cosine, (expected >= LEAST_EXPECTED) & (lift <= APART) & (cosine >= ALIKE))


def viewed_instead(viewers: csr_matrix, buyers: csr_matrix) -> Pairs:
    """Pairs that the same users view, of whom hardly one buys both; score: one less the lift of both.

    Of the users who view both, a share c_a c_b would buy both if they chose each for itself, c = buyers of
    an item over its viewers. Substitutes are looked at together and bought one by one. What is viewed by
    chance, or by few, is left out.

    Args:
        viewers: Not 0 where a user viewed an item, [num_users, num_items].
        buyers: Not 0 where a user bought an item, [num_users, num_items].
    """
    viewed, bought = csr_matrix(viewers.sign()), csr_matrix(buyers.sign())
    of_views = chance_of(viewed)
    items = _busiest(of_views.bought)
    together = of_views.together(items)
    both = chance_of(csr_matrix(viewed.multiply(bought)))
    converted = both.bought[items] / np.maximum(of_views.bought[items], 1.0)
    lift = shrunk_lift(both.together(items), together * np.outer(converted, converted))
    is_alike = shrunk_lift(together, of_views.expected(items)) >= VIEWED_TOGETHER
    return _pairs(items, 1 - lift, is_alike & (lift <= APART))


def _busiest(counts: NDArray[np.float64]) -> NDArray[np.int64]:
    """The most counted items that are counted at all, ascending."""
    order = np.argsort(-counts, kind="stable")[:MOST_ITEMS]
    return np.sort(order[counts[order] > 0])


def _cosines(rows: csr_matrix, items: NDArray[np.int64]) -> NDArray[np.float64]:
    own = csr_matrix(rows[items])
    length = np.sqrt(np.asarray(own.multiply(own).sum(axis=1)).ravel())
    scale = np.divide(1.0, length, out=np.zeros(len(length)), where=length > 0)
    unit = diags_array(scale) @ own
    return np.asarray((unit @ unit.T).toarray(), dtype=np.float64)


def _pairs(items: NDArray[np.int64], score: NDArray[np.float64], is_pair: NDArray[np.bool_]) -> Pairs:
    first, second = np.nonzero(np.triu(is_pair, k=1))
    return items[first], items[second], score[first, second]
