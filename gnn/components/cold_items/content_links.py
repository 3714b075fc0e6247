"""How much oftener items are bought together the more alike they are: learned of bought ones, told of new.

In one shop what is alike goes together (cables with cables), in another it replaces each other. So the lift
of a pair is that of bought pairs which are as alike: baskets with both over those that chance would have
(`gnn.components.substitutes.chance`), in bins of the similarity of their content, shrunk, and made monotone by isotonic
regression (Barlow et al. 1972): what is more alike is linked no less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from gnn.components.cold_items.siblings import similarity
from gnn.components.substitutes.chance import Chance
from gnn.data.content import Content
from gnn.scoring.content_links import ContentLinks
from gnn.scoring.shrunk_lift import shrunk_lift

#: Links an item.
NUM_LINKS = 20

#: Bought items whose pairs with all others teach: more teach no better, and cost as much each.
NUM_TEACHERS = 2_000

_BIN = 0.05
_NO_WEIGHT = 1e-9
_BLOCK = 500


def fit_content_links(
    content: Content, items: NDArray[np.integer], *, is_new: NDArray[np.bool_], chance: Chance
) -> ContentLinks:
    """Links of the new ones among `items`; none where there is no content, or likeness links nothing.

    Args:
        content: Of `items`, in their order.
        items: Item indices, ascending.
        is_new: Which of them are to be linked, [len(items)]; the others were bought.
        chance: Of all items to be in one basket.
    """
    num_items = len(chance.bought)
    bought = np.flatnonzero(~is_new)
    if not is_new.any() or not len(bought):
        return ContentLinks.none(num_items)
    lift = _lift_by_similarity(content, items, bought=bought, chance=chance)
    by_popularity = np.argsort(-chance.bought[items], kind="stable")
    rows, others, lifts = [], [], []
    new = np.flatnonzero(is_new)
    for block in (new[start : start + _BLOCK] for start in range(0, len(new), _BLOCK)):
        likeness = similarity(content, block, by_popularity)
        likeness[block[:, None] == by_popularity] = -1.0
        row, column = _largest(likeness, NUM_LINKS)
        found = lift[_bin_of(likeness[row, column])]
        is_link = found > max(lift[0], 1.0)
        rows.append(items[block[row[is_link]]])
        others.append(items[by_popularity[column[is_link]]])
        lifts.append(found[is_link])
    counts = np.bincount(np.concatenate(rows), minlength=num_items)
    return ContentLinks(
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        item=np.concatenate(others).astype(np.int32),
        lift=np.concatenate(lifts).astype(np.float32),
    )


def _lift_by_similarity(
    content: Content, items: NDArray[np.integer], *, bought: NDArray[np.integer], chance: Chance
) -> NDArray[np.float64]:
    """Lift of pairs of the items at `bought`, by `_bin_of` their similarity; nowhere falling."""
    teachers = bought[np.unique(np.linspace(0, len(bought) - 1, NUM_TEACHERS).astype(np.int64))]
    columns = chance.baskets[:, items[bought]]
    num_bins = int(_bin_of(np.array([2.0]))[0]) + 1
    observed, expected = np.zeros(num_bins), np.zeros(num_bins)
    for block in (teachers[start : start + _BLOCK] for start in range(0, len(teachers), _BLOCK)):
        together = (chance.baskets[:, items[block]].T @ columns).toarray()
        by_chance = chance.expected_of(items[block][:, None], items[bought])
        is_pair = block[:, None] != bought
        bins = _bin_of(similarity(content, block, bought)[is_pair])
        observed += np.bincount(bins, together[is_pair], minlength=num_bins)
        expected += np.bincount(bins, by_chance[is_pair], minlength=num_bins)
    logs = np.log(shrunk_lift(observed, expected))
    # A bin without pairs follows the others.
    return np.exp(isotonic_regression(logs, weights=np.maximum(expected, _NO_WEIGHT)).x)


def _bin_of(similarity: NDArray[np.floating]) -> NDArray[np.int64]:
    """Bin of a similarity, at most 2; what is not alike at all is in the first."""
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
