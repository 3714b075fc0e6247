"""What is known of items and their order, as columns that serving reads. NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.csr import SparseRows
from gnn.scoring.sequences import SequenceGate, Sequences, sequence_vectors


@dataclass(frozen=True)
class SequenceEvidence:
    """Columns of the model and the catalogue; rows are ranked indices."""

    ease: SparseRows
    """EASE over histories, an item's strongest (`gnn.components.ease.exact`)."""
    near: SparseRows
    """Transitions up to 3 steps forward (`gnn.data.transitions`)."""
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
    """Of `gnn.scoring.item_codes.item_codes`, [4, num_ranked]."""
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
