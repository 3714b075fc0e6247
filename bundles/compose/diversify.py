"""From many good sets, the few to show: good ones that differ.

Maximal marginal relevance (Carbonell & Goldstein 1998): the next set is the one of greatest
(1 - λ) · score - λ · max over those chosen of likeness(set, chosen), with λ = `diversity`.

likeness(S, C) = n / (|S| + |C| - n), n = how many items of S are in C or replaced by one that is: the Jaccard
index, but that two sets which differ by variants of one product alone are one set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def select_different(
    members: NDArray[np.bool_],
    scores: NDArray[np.float64],
    *,
    is_alike: NDArray[np.bool_],
    count: int,
    diversity: float,
    is_first: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Rows of at most `count` sets, in the order chosen.

    Args:
        members: What is in which set, without what is in all of them, [K, P].
        scores: How good each set is, [K].
        is_alike: Which items replace each other, each itself as well, [P, P].
        count: How many sets to choose.
        diversity: λ in [0, 1].
        is_first: Sets that are chosen before any other, [K].
    """
    sizes = members.sum(axis=1)
    as_numbers = members.astype(np.float32)
    likeness = np.zeros(len(scores))
    is_open = np.ones(len(scores), dtype=np.bool_)
    chosen: list[int] = []
    while len(chosen) < min(count, len(scores)):
        # Worth is between -1 and 1: nothing else comes before what is first.
        worth = np.round((1 - diversity) * scores - diversity * likeness, 9) + 3 * is_first
        best = int(np.argmax(np.where(is_open, worth, -np.inf)))
        chosen.append(best)
        is_open[best] = False
        shared = as_numbers @ is_alike[members[best]].any(axis=0).astype(np.float32)
        likeness = np.maximum(likeness, shared / np.maximum(sizes + sizes[best] - shared, 1))
    return np.array(chosen, dtype=np.int64)
