"""The score of the next item: a shortlist of stage one, put in order by trees. NumPy and treelite alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequence_features import features, shortlist, stage_one
from gnn.scoring.sequences import Sequences
from gnn.scoring.trees import Ranker

#: Items that trees put in order; the rest follow in the order of stage one.
SHORTLIST_SIZE = 200

#: Queries that are scored at once: 50 MB a column of 12,000 items.
_BLOCK = 256


class SequenceScorer:
    """Scores all ranked items for ordered histories. Holds no state of a query: threads may share it."""

    def __init__(self, evidence: SequenceEvidence, trees: NDArray[np.uint8]) -> None:
        """`trees` is of `gnn.components.sequences.fitting`; without any, stage one stands."""
        self._evidence = evidence
        self._ranker = Ranker(trees) if len(trees) else None

    def score(self, sequences: Sequences) -> NDArray[np.float32]:
        """Scores, [len(sequences), num_ranked]; what a history holds is not masked."""
        scores = np.empty((len(sequences), self._evidence.num_ranked), dtype=np.float32)
        for start in range(0, len(sequences), _BLOCK):
            part = slice(start, start + _BLOCK)
            scores[part] = self._score(sequences[part])
        return scores

    def _score(self, sequences: Sequences) -> NDArray[np.float32]:
        first = stage_one(self._evidence, sequences)
        if self._ranker is None:
            return first.blend
        candidates = shortlist(first.blend, sequences, size=SHORTLIST_SIZE)
        rows = features(self._evidence, sequences, first, candidates)
        by_trees = self._ranker.score(rows.reshape(-1, rows.shape[2])).reshape(candidates.shape)
        # Above all that is outside: trees and stage one have no common scale.
        lowest, highest = by_trees.min(axis=1, keepdims=True), first.blend.max(axis=1, keepdims=True)
        np.put_along_axis(first.blend, candidates, highest + 1e-3 + by_trees - lowest, axis=1)
        return first.blend
