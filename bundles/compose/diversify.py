"""Select diverse sets by maximal marginal relevance (Carbonell & Goldstein 1998).

The next set maximises (1 - λ) · score - λ · max similarity(set, selected), with λ = `diversity`.

similarity(S, C) = n / (|S| + |C| - n), n = the items of S that are in C or have a substitute there: the
Jaccard index, except that two sets which differ only by variants of one product count as equal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def select_diverse(
    members: NDArray[np.bool_],
    scores: NDArray[np.float64],
    *,
    is_substitute: NDArray[np.bool_],
    count: int,
    diversity: float,
    is_first: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Rows of at most `count` sets, in the order of selection.

    Args:
        members: Which items each set holds, without the fixed items, [K, P].
        scores: Score of each set, [K].
        is_substitute: Which items are substitutes; true on the diagonal, [P, P].
        count: Maximum number of sets.
        diversity: λ in [0, 1].
        is_first: Sets to select before all others, [K].
    """
    sizes = members.sum(axis=1)
    as_numbers = members.astype(np.float32)
    similarity = np.zeros(len(scores))
    is_open = np.ones(len(scores), dtype=np.bool_)
    chosen: list[int] = []
    while len(chosen) < min(count, len(scores)):
        # Relevance lies in [-1, 1], so 3 puts these before all others.
        relevance = np.round((1 - diversity) * scores - diversity * similarity, 9) + 3 * is_first
        best = int(np.argmax(np.where(is_open, relevance, -np.inf)))
        chosen.append(best)
        is_open[best] = False
        shared = as_numbers @ is_substitute[members[best]].any(axis=0).astype(np.float32)
        similarity = np.maximum(similarity, shared / np.maximum(sizes + sizes[best] - shared, 1))
    return np.array(chosen, dtype=np.int64)
