from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gnn.artifact import ItemModel
from gnn.evaluation.next_item import NextItemQueries
from gnn.sequence.evidence import SequenceEvidence
from gnn.sequence.fitting import fit_trees
from gnn.sequence.model import SequenceModel
from gnn.sequence.packing import open_scorer, pack_sequences
from gnn.sequence.scorer import SequenceScorer
from gnn.sequence.shortlists import read_shortlists
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
