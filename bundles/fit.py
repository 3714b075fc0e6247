"""How likely an item is to be wanted on a visit, in [0, 1], from its score among all items."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Items drawn: more than a basket holds, so that what comes tenth still counts beside what comes first.
NUM_DRAWS = 30


def fit_of_scores(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """The chance of each item to be among `NUM_DRAWS` drawn by `scores` [num_ranked], [num_ranked].

    1 - exp(-NUM_DRAWS · p), p = softmax(scores): what a conditional logit (McFadden 1974) says of one
    choice, made so many times over. It keeps the step from a likely item to a less likely one.
    """
    odds = np.exp((scores - scores.max(initial=-np.inf)).astype(np.float64))
    fit: NDArray[np.float64] = -np.expm1(-NUM_DRAWS * odds / max(odds.sum(), 1.0))
    return fit
