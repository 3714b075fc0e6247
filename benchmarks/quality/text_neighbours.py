"""Text neighbours: the items whose content is most like an item's, as a relation for the encoder."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, vstack

from gnn.components.cold_items.siblings import similarity
from gnn.data.content import Content
from gnn.network.propagation import normalise_rows

#: Items whose similarities to all others are dense at once: 40 MB at 20,000 items.
_BLOCK = 500


def text_neighbours(content: Content, *, k: int) -> csr_matrix:
    """Â [num_items, num_items]: the mean over the `k` items nearest by content, weighted by similarity.

    Similarity is the cosine of the words plus, where there are vectors, theirs. An item is not its own
    neighbour, nor is one whose similarity is not above 0: an item without content has an empty row.
    """
    blocks = [_nearest(content, start, k) for start in range(0, len(content), _BLOCK)]
    return normalise_rows(csr_matrix(vstack(blocks)))


def _nearest(content: Content, start: int, k: int) -> csr_matrix:
    """Similarities of the items of one block with their nearest, [B, num_items]."""
    items = np.arange(len(content))
    rows = items[start : start + _BLOCK]
    likeness = similarity(content, rows, items)
    likeness[rows[:, None] == items] = 0.0
    num_rows, num_items = likeness.shape
    nearest = np.argpartition(-likeness, min(k, num_items) - 1, axis=1)[:, :k]
    by = np.maximum(np.take_along_axis(likeness, nearest, axis=1), 0.0)
    kept = csr_matrix(
        (by.ravel(), (np.repeat(np.arange(num_rows), nearest.shape[1]), nearest.ravel())),
        shape=(num_rows, num_items),
    )
    kept.eliminate_zeros()
    return kept
