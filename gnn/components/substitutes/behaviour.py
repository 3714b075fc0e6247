"""Substitutes by behaviour: pairs with the same context or the same viewers, yet hardly bought together.

Only the busiest items are compared, so that time and memory do not grow with the square of the catalogue: for
rarer items, counts do not separate a substitute from an unrelated item.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix
from sklearn.metrics.pairwise import cosine_similarity

from gnn.scoring.statistics import shrunk_lift


@dataclass(frozen=True)
class ExpectedBaskets:
    """Baskets as sets of items, and how many would hold two items by chance.

    A basket of n items holds n (n - 1) ordered pairs, so large baskets alone raise every lift above 1. With N
    baskets and S = Σ n, two items in a and b baskets are expected together in

        e = a b / N · (N Σ n (n - 1) / S²)

    of them: the mean lift of all pairs, weighted by how often their items are bought, is then 1.
    """

    baskets: csr_matrix
    """1 where a basket holds an item, float32 [num_baskets, num_items]."""
    bought: NDArray[np.float64]
    """Baskets that hold each item, [num_items]."""
    scale: float
    """e is `scale` · a b."""

    def of_pairs(self, first: NDArray[np.integer], second: NDArray[np.integer]) -> NDArray[np.float64]:
        """Expected baskets with both items of each pair; `first` and `second` are broadcast."""
        return np.asarray(self.scale * self.bought[first] * self.bought[second])

    def among(self, items: NDArray[np.integer]) -> NDArray[np.float64]:
        """Expected baskets with both of each two of `items`, [P, P]."""
        return self.scale * np.outer(self.bought[items], self.bought[items])

    def observed(self, items: NDArray[np.integer]) -> NDArray[np.float64]:
        """Baskets that do hold both of each two of `items`, [P, P]."""
        columns = csc_matrix(self.baskets)[:, items]
        return np.asarray((columns.T @ columns).toarray(), dtype=np.float64)


def expected_baskets(lines: csr_matrix) -> ExpectedBaskets:
    """Of the baskets `lines`, which hold every item that is not 0, [num_baskets, num_items]."""
    sets = csr_matrix(lines.sign(), dtype=np.float32)
    size = np.diff(sets.indptr).astype(np.float64)
    return ExpectedBaskets(
        baskets=sets,
        bought=np.bincount(sets.indices, minlength=sets.shape[1]).astype(np.float64),
        scale=float((size * (size - 1)).sum() / max(size.sum(), 1.0) ** 2),
    )


#: Items that are compared, at most.
MAX_ITEMS = 2_000
#: Lift of a pair's baskets, or of buyers of both among viewers of both, at most.
MAX_LIFT = 0.5
#: Expected baskets with both, at least: below, that there are none means nothing.
MIN_EXPECTED = 10.0
#: Cosine of what else is bought with both, at least: one pair in twenty of a grocer's busiest items has it.
MIN_COSINE = 0.35
#: Lift of the users who view both, at least.
MIN_VIEW_LIFT = 2.0

#: First item index, second item index (higher), score in (0, 1].
Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def bought_as_substitutes(expected: ExpectedBaskets, contexts: csr_matrix) -> Pairs:
    """Pairs bought with the same items, yet together less than half as often as by chance.

    Their score is the cosine of their rows in `contexts` [num_items, num_items], which has how strongly each
    item is bought with each other.
    """
    items = _busiest(expected.bought)
    by_chance = expected.among(items)
    lift = shrunk_lift(expected.observed(items), by_chance)
    # scikit-learn refuses no rows.
    cosine = cosine_similarity(contexts[items]) if len(items) else by_chance
    return _pairs(items, cosine, (by_chance >= MIN_EXPECTED) & (lift <= MAX_LIFT) & (cosine >= MIN_COSINE))


def viewed_as_substitutes(viewers: csr_matrix, buyers: csr_matrix) -> Pairs:
    """Pairs that the same users view, of whom hardly any buys both; their score is 1 less the lift of that.

    Of the users who view both, a share c_a c_b would buy both if they chose each independently, c = buyers of
    an item over its viewers. Substitutes are viewed together and bought one at a time. Pairs that share no
    more viewers than by chance are left out.

    Args:
        viewers: Not 0 where a user viewed an item, [num_users, num_items].
        buyers: Not 0 where a user bought an item, [num_users, num_items].
    """
    viewed, bought = csr_matrix(viewers.sign()), csr_matrix(buyers.sign())
    views = expected_baskets(viewed)
    items = _busiest(views.bought)
    together = views.observed(items)
    purchases = expected_baskets(csr_matrix(viewed.multiply(bought)))
    converted = purchases.bought[items] / np.maximum(views.bought[items], 1.0)
    lift = shrunk_lift(purchases.observed(items), together * np.outer(converted, converted))
    is_viewed_together = shrunk_lift(together, views.among(items)) >= MIN_VIEW_LIFT
    return _pairs(items, 1 - lift, is_viewed_together & (lift <= MAX_LIFT))


def _busiest(counts: NDArray[np.float64]) -> NDArray[np.int64]:
    """The items of the largest counts above 0, ascending."""
    order = np.argsort(-counts, kind="stable")[:MAX_ITEMS]
    return np.sort(order[counts[order] > 0])


def _pairs(items: NDArray[np.int64], score: NDArray[np.float64], is_pair: NDArray[np.bool_]) -> Pairs:
    first, second = np.nonzero(np.triu(is_pair, k=1))
    return items[first], items[second], score[first, second]
