from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import item_scorer
from gnn.components.ensemble import fit_ensemble, smallest_good_k
from gnn.data.queries import CompletionQueries, item_queries
from gnn.evaluation.metrics import full_ranking, ndcg_at_k
from gnn.scoring.item_model import Ensemble
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

PAIRS = [(f"{pair}-a", f"{pair}-b") for pair in range(10)]
SHOP = PlantedShop(
    items=[PlantedItem(item_id) for pair in PAIRS for item_id in pair],
    baskets=[(list(pair), 20) for pair in PAIRS],
    histories={"ann": {"0-a": 4, "3-b": 2}},
)


@pytest.fixture
def artifact() -> ModelArtifact:
    return replace(make_artifact(SHOP), ensemble=Ensemble())


def pair_queries() -> CompletionQueries:
    """The first item of each pair in the cart, the second one hidden; the pair of item 2p is 2p + 1."""
    carts = np.zeros((10, 20), dtype=np.float32)
    carts[np.arange(10), 2 * np.arange(10)] = 1
    nobody = np.full(10, -1, dtype=np.int64)
    return CompletionQueries(csr_matrix(carts), nobody, 2 * np.arange(10) + 1, tuple("abcdefghij"))


def test_fitted_weights_rank_no_worse_than_those_they_begin_with(artifact: ModelArtifact) -> None:
    queries, ranked = pair_queries(), artifact.ranked.item
    # A bias that ranks the wrong items first, and weights that trust it.
    bias = np.zeros(20, dtype=np.float32)
    bias[::2] = 30.0
    misled = replace(artifact, network=replace(artifact.network, bias=bias))
    start = Ensemble(ease=0.1)

    def ndcg(ensemble: Ensemble) -> float:
        scorer = item_scorer(replace(misled, ensemble=ensemble))
        return ndcg_at_k(full_ranking(lambda part: scorer.score(item_queries(part, ranked)), queries), 20)

    fitted = fit_ensemble(item_scorer(misled), queries, ranked, start)

    assert ndcg(start) < 0.5
    assert ndcg(fitted) == 1.0
    assert (fitted.as_array() >= 0).all()


def test_no_queries_leave_the_weights_as_they_are(artifact: ModelArtifact) -> None:
    nothing = pair_queries()[:0]

    assert fit_ensemble(item_scorer(artifact), nothing, artifact.ranked.item, Ensemble()) == Ensemble()


def test_the_smallest_k_that_is_as_good_is_kept() -> None:
    assert smallest_good_k([(50, 0.140), (100, 0.1498), (200, 0.150)], tolerance=0.0005) == 100
