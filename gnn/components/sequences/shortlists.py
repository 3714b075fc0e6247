"""The shortlists that trees learn from: read once, whichever queries trees are then fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.data.queries import NextItemQueries
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequence_features import features, shortlist, stage_one
from gnn.scoring.sequence_scorer import SHORTLIST_SIZE

_BLOCK = 256


@dataclass(frozen=True)
class Shortlists:
    """K candidates a query, of those queries alone whose hidden item is among them: others teach nothing."""

    features: NDArray[np.float32]
    """Columns of `gnn.scoring.sequence_features.NAMES`, [num_found, K, F]."""
    is_hidden: NDArray[np.bool_]
    """Which candidate is the hidden item, [num_found, K]."""
    query: NDArray[np.int64]
    """Position of each one's query, ascending, [num_found]."""

    def where(self, is_in: NDArray[np.bool_]) -> Shortlists:
        """Those that `is_in` says, [num_found]."""
        return Shortlists(self.features[is_in], self.is_hidden[is_in], self.query[is_in])


def read_shortlists(evidence: SequenceEvidence, queries: NextItemQueries) -> Shortlists:
    """The shortlists of stage one for `queries`, as `gnn.scoring.sequence_scorer` makes them."""
    starts = range(0, max(len(queries), 1), _BLOCK)
    parts = [_shortlisted(evidence, queries[start : start + _BLOCK]) for start in starts]
    return Shortlists(
        features=np.concatenate([part.features for part in parts]),
        is_hidden=np.concatenate([part.is_hidden for part in parts]),
        query=np.concatenate([start + part.query for start, part in zip(starts, parts, strict=True)]),
    )


def _shortlisted(evidence: SequenceEvidence, queries: NextItemQueries) -> Shortlists:
    first = stage_one(evidence, queries.histories)
    candidates = shortlist(first.blend, queries.histories, size=SHORTLIST_SIZE)
    is_hidden = candidates == queries.hidden[:, np.newaxis]
    rows = features(evidence, queries.histories, first, candidates)
    found = np.flatnonzero(is_hidden.any(axis=1))
    return Shortlists(rows[found], is_hidden[found], found)
