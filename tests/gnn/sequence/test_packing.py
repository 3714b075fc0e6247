from __future__ import annotations

import numpy as np

from gnn.evaluation.next_item import NextItemQueries
from gnn.sequence.evidence import SequenceEvidence
from gnn.sequence.fitting import fit_trees
from gnn.sequence.model import SequenceModel
from gnn.sequence.packing import open_scorer, pack_sequences
from gnn.sequence.scorer import SequenceScorer


def test_what_is_packed_scores_as_before(evidence: SequenceEvidence, queries: NextItemQueries) -> None:
    trees = fit_trees(evidence, queries, seed=0)

    model = pack_sequences(evidence, trees)

    assert model.is_fitted
    scores = open_scorer(model).score(queries.histories)
    assert np.array_equal(scores, SequenceScorer(evidence, trees).score(queries.histories))


def test_a_shop_without_sequences_has_nothing_fitted() -> None:
    assert not SequenceModel.none().is_fitted
