from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.artifact.model import ModelArtifact
from gnn.components.ensemble import best_top_k, fit_blend, scorer_queries
from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import full_ranking, ndcg_at_k
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.weights import DEFAULT_BLEND, DEFAULT_LINK
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

PAIRS = [(f"{pair}-a", f"{pair}-b") for pair in range(10)]
SHOP = PlantedShop(
    items=[PlantedItem(item_id) for pair in PAIRS for item_id in pair],
    baskets=[(list(pair), 20) for pair in PAIRS],
    histories={"ann": {"0-a": 4, "3-b": 2}},
)


@pytest.fixture
def artifact() -> ModelArtifact:
    made = make_artifact(SHOP)
    config: dict[str, object] = {"blend": DEFAULT_BLEND, "link": DEFAULT_LINK}
    return replace(made, info=replace(made.info, config=config))


def pair_queries() -> CompletionQueries:
    """The first item of each pair in the cart, the second one hidden; the pair of item 2p is 2p + 1."""
    carts = np.zeros((10, 20), dtype=np.float32)
    carts[np.arange(10), 2 * np.arange(10)] = 1
    nobody = np.full(10, -1, dtype=np.int64)
    return CompletionQueries(csr_matrix(carts), nobody, 2 * np.arange(10) + 1, tuple("abcdefghij"))


def test_queries_reach_the_scorer_as_item_indices() -> None:
    queries = CompletionQueries(
        csr_matrix(np.array([[1, 0, 1], [0, 0, 0]], dtype=np.float32)),
        np.array([4, -1]),
        np.array([1, 1]),
        ("a", "b"),
    )

    asked = scorer_queries(queries, np.array([10, 11, 12], dtype=np.int32))

    assert [(list(query.cart), query.user_index) for query in asked] == [([10, 12], 4), ([], None)]


def test_fitted_weights_rank_no_worse_than_those_they_begin_with(artifact: ModelArtifact) -> None:
    queries, ranked = pair_queries(), artifact.model.ranked
    # A bias that ranks the wrong items first, and weights that believe in it.
    bias = np.zeros(20, dtype=np.float32)
    bias[::2] = 30.0
    misled = replace(artifact, model=replace(artifact.model, bias=bias))
    start = DEFAULT_BLEND | {"ease": 0.1}

    def ndcg(weights: dict[str, float]) -> float:
        scorer = ItemScorer(replace(misled, info=replace(misled.info, config={"blend": weights, "link": {}})))
        return ndcg_at_k(full_ranking(lambda part: scorer.score(scorer_queries(part, ranked)), queries), 20)

    fitted = fit_blend(ItemScorer(misled), queries, ranked, start)

    assert ndcg(start) < 0.5
    assert ndcg(fitted) == 1.0
    assert all(weight >= 0 for weight in fitted.values())


def test_no_queries_leave_the_weights_as_they_are(artifact: ModelArtifact) -> None:
    nothing = pair_queries()[:0]

    assert fit_blend(ItemScorer(artifact), nothing, artifact.model.ranked, DEFAULT_BLEND) == DEFAULT_BLEND


def test_the_fewest_rows_that_are_as_good_are_kept() -> None:
    assert best_top_k([(50, 0.140), (100, 0.1498), (200, 0.150)], tolerance=0.0005) == 100
