"""Content links: how often similar items are bought together, measured on sold items, for unsold ones.

In one shop similar items go together (cables with cables), in another they replace each other. So the lift of
a pair is that of sold pairs of the same similarity: baskets with both over those expected by chance
(`gnn.components.substitutes.behaviour`), in bins of the similarity, shrunk, and made monotone by isotonic
regression (Barlow et al. 1972), so that a more similar item is never linked less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from gnn.components.cold_items.unsold import similarity
from gnn.components.context import FitContext
from gnn.components.substitutes.behaviour import ExpectedBaskets, expected_baskets
from gnn.data.content import Content
from gnn.scoring.catalogue import ContentLinks
from gnn.scoring.containers import Csr
from gnn.scoring.statistics import shrunk_lift

#: Links of an item, at most.
NUM_LINKS = 20

#: Sold items whose pairs with all others are counted: more cost as much each and change little.
NUM_COUNTED = 2_000

_BIN = 0.05
_NO_WEIGHT = 1e-9
_BLOCK = 500


def fit_content_links(context: FitContext) -> ContentLinks:
    """Links of unsold items in stock; empty where there are none, or where similarity links nothing."""
    unsold = context.unsold
    if unsold is None:
        return ContentLinks()
    return link_by_content(
        unsold.content,
        unsold.items,
        is_new=np.isin(unsold.items, unsold.linked),
        expected=expected_baskets(context.data.purchases.lines),
    )


def link_by_content(
    content: Content, items: NDArray[np.integer], *, is_new: NDArray[np.bool_], expected: ExpectedBaskets
) -> ContentLinks:
    """Links of the new ones among `items` to all others that are similar.

    Args:
        content: Of `items`, in their order.
        items: Item indices, ascending.
        is_new: Which of them are linked, [len(items)]; the others were bought.
        expected: Of all items of the catalogue.
    """
    sold, new = np.flatnonzero(~is_new), np.flatnonzero(is_new)
    if not len(new) or not len(sold):
        return ContentLinks()
    lift = _lift_by_similarity(content, items, sold=sold, expected=expected)
    by_popularity = np.argsort(-expected.bought[items], kind="stable")
    rows, others, lifts = [], [], []
    for block in (new[start : start + _BLOCK] for start in range(0, len(new), _BLOCK)):
        similarities = similarity(content, block, by_popularity)
        similarities[block[:, None] == by_popularity] = -1.0
        row, column = _largest(similarities, NUM_LINKS)
        found = lift[_bin_of(similarities[row, column])]
        is_link = found > max(lift[0], 1.0)
        rows.append(items[block[row[is_link]]])
        others.append(items[by_popularity[column[is_link]]])
        lifts.append(found[is_link])
    return ContentLinks(
        Csr.from_entries(
            np.concatenate(rows),
            np.concatenate(others),
            np.concatenate(lifts).astype(np.float32),
            num_rows=len(expected.bought),
        )
    )


def _lift_by_similarity(
    content: Content, items: NDArray[np.integer], *, sold: NDArray[np.integer], expected: ExpectedBaskets
) -> NDArray[np.float64]:
    """Lift of pairs of the items at `sold`, by `_bin_of` their similarity; it never falls."""
    counted = sold[np.unique(np.linspace(0, len(sold) - 1, NUM_COUNTED).astype(np.int64))]
    columns = expected.baskets[:, items[sold]]
    num_bins = int(_bin_of(np.array([2.0]))[0]) + 1
    observed, by_chance = np.zeros(num_bins), np.zeros(num_bins)
    for block in (counted[start : start + _BLOCK] for start in range(0, len(counted), _BLOCK)):
        together = (expected.baskets[:, items[block]].T @ columns).toarray()
        expectation = expected.of_pairs(items[block][:, None], items[sold])
        is_pair = block[:, None] != sold
        bins = _bin_of(similarity(content, block, sold)[is_pair])
        observed += np.bincount(bins, together[is_pair], minlength=num_bins)
        by_chance += np.bincount(bins, expectation[is_pair], minlength=num_bins)
    logs = np.log(shrunk_lift(observed, by_chance))
    # A bin without pairs follows the others.
    return np.exp(isotonic_regression(logs, weights=np.maximum(by_chance, _NO_WEIGHT)).x)


def _bin_of(similarity: NDArray[np.floating]) -> NDArray[np.int64]:
    """Bin of a similarity, at most 2; the first bin is that of no similarity at all."""
    return np.asarray(np.ceil(np.clip(similarity, 0.0, 2.0) / _BIN - 1e-6), dtype=np.int64)


def _largest(values: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of the `count` largest of each row above 0, largest first, the first among equals."""
    count = min(count, values.shape[1])
    least = np.maximum(np.partition(values, -count, axis=1)[:, -count], np.finfo(np.float32).tiny)
    row, column = np.nonzero(values >= least[:, None])
    order = np.lexsort((column, -values[row, column], row))
    row, column = row[order], column[order]
    starts = np.searchsorted(row, np.arange(len(values)))
    is_kept = np.arange(len(row)) - starts[row] < count
    return row[is_kept], column[is_kept]
