"""What is known of items and their order, as columns that serving reads. NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.artifact import Catalogue, Categories
from gnn.sequence.histories import SequenceGate, Sequences, sequence_vectors
from gnn.sequence.sparse_rows import SparseRows


@dataclass(frozen=True)
class SequenceEvidence:
    """Columns of the model and the catalogue; rows are ranked indices."""

    ease: SparseRows
    """EASE over histories, an item's strongest (`gnn.baselines.ease`)."""
    near: SparseRows
    """Transitions up to 3 steps forward (`gnn.sequence.transitions`)."""
    back: SparseRows
    """The same, seen from the follower."""
    wide: SparseRows
    """Transitions up to 10 steps forward."""
    source: NDArray[np.float32]
    """[num_ranked, d], as are `target` and `history`; d = 0 where there is no GNN."""
    target: NDArray[np.float32]
    history: NDArray[np.float32]
    bias: NDArray[np.float32]
    """[num_ranked]"""
    gate: SequenceGate
    groups: NDArray[np.int32]
    """Codes of category, the one above it, its root, and brand, [4, num_ranked]; -1 for none."""
    events: NDArray[np.int64]
    """Events of each item, [num_ranked]."""
    last_events: NDArray[np.int64]
    """Histories that end with the item, [num_ranked]."""

    @property
    def num_ranked(self) -> int:
        """Items that are ranked."""
        return len(self.bias)

    def learned_scores(self, sequences: Sequences) -> NDArray[np.float32]:
        """What the sequence head says, [len(sequences), num_ranked]."""
        if not self.target.shape[1]:
            return np.broadcast_to(self.bias, (len(sequences), self.num_ranked)).astype(np.float32)
        vectors = sequence_vectors(sequences, self.gate, source=self.source, history=self.history)
        return np.asarray(vectors @ self.target.T + self.bias, dtype=np.float32)


def item_groups(catalogue: Catalogue, categories: Categories, ranked: NDArray[np.int32]) -> NDArray[np.int32]:
    """Codes of category, the one above it, its root, and brand of each ranked item, [4, num_ranked]."""
    category = catalogue.category[ranked]
    # The last place answers for items without a category.
    above = (np.append(codes, -1)[category] for codes in (categories.parent, categories.roots()))
    return np.stack([category, *above, catalogue.brand[ranked]]).astype(np.int32)
