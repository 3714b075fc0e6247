from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gnn.artifact.model import ItemModel
from gnn.components.sequences.fitting import fit_trees
from gnn.components.sequences.shortlists import read_shortlists
from gnn.data.queries import NextItemQueries
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequence_model import SequenceModel
from gnn.scoring.sequence_packing import open_scorer, pack_sequences
from gnn.scoring.sequence_scorer import SequenceScorer
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact


@pytest.fixture
def learned(evidence: SequenceEvidence) -> SequenceEvidence:
    rng = np.random.default_rng(0)
    source, target, history = (rng.normal(size=(evidence.num_ranked, 4)).astype(np.float32) for _ in range(3))
    return replace(evidence, source=source, target=target, history=history)


def items_of(evidence: SequenceEvidence) -> ItemModel:
    model = make_artifact(PlantedShop(items=[PlantedItem("dice")], baskets=[(["dice"], 1)])).model
    return replace(
        model,
        source=evidence.source,
        target=evidence.target,
        history=evidence.history,
        bias=evidence.bias,
    )


def test_what_is_packed_scores_as_before(learned: SequenceEvidence, queries: NextItemQueries) -> None:
    trees = fit_trees(read_shortlists(learned, queries), seed=0)

    model = pack_sequences(learned, trees)

    assert model.is_fitted
    scorer = open_scorer(model, items_of(learned), groups=learned.groups)
    scores = scorer.score(queries.histories)
    assert np.array_equal(scores, SequenceScorer(learned, trees).score(queries.histories))


def test_a_shop_without_sequences_has_nothing_fitted() -> None:
    assert not SequenceModel.none().is_fitted
