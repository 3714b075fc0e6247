"""Scores as they are served: both stages in one go, and cold items beside the ranked ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gnn.artifact.model import ModelArtifact
from gnn.components.boosted_trees import TreeParams, fit_ranker
from gnn.scoring.co_basket import chances_of_scores
from gnn.scoring.cold_slate import ColdSlate
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.scoring.item_scores import ItemScores
from gnn.scoring.reranker import NAMES, Reranker
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

SHOP = PlantedShop(
    items=[
        PlantedItem(item, "Food", price) for price, item in enumerate(("apple", "bread", "cream", "dates"))
    ],
    baskets=[(["apple", "bread"], 40), (["cream", "dates"], 30), (["apple", "cream"], 12)],
    histories={"ann": {"bread": 3, "dates": 1}},
)
QUERY = ItemQuery(cart=[0], user_index=0)


@pytest.fixture
def artifact() -> ModelArtifact:
    """Of four ranked items, and trees that put dear ones first."""
    made = make_artifact(SHOP)
    features = np.random.default_rng(0).uniform(size=(400, len(NAMES))).astype(np.float32)
    dearer = features[:, NAMES.index("price")].reshape(200, 2).argmax(axis=1)
    trees = fit_ranker(
        features,
        (dearer[:, None] == np.arange(2)).astype(int).ravel(),
        np.full(200, 2),
        names=NAMES,
        seed=0,
        params=TreeParams(num_trees=20, num_leaves=4, min_rows_a_leaf=5),
    )
    config = made.info.config | {"trees_weight": 8.0, "shortlist_size": 3}
    return replace(made, info=replace(made.info, config=config), model=replace(made.model, trees=trees))


def scores_of(artifact: ModelArtifact) -> ItemScores:
    return ItemScores(artifact, ItemScorer(artifact), cold=ColdSlate(artifact.cold_model))


def test_what_is_served_is_the_order_of_both_stages(artifact: ModelArtifact) -> None:
    scorer = ItemScorer(artifact)

    items, scores = scores_of(artifact).with_cold(QUERY)

    assert items.tolist() == artifact.model.ranked.tolist()
    assert np.array_equal(scores, Reranker(artifact, scorer).score([QUERY])[0])
    assert not np.array_equal(scores, scorer.score([QUERY])[0])


def test_without_companion_trees_bundles_are_composed_by_the_first_stage(artifact: ModelArtifact) -> None:
    scores = ItemScorer(artifact).score([QUERY])[0]

    assert np.array_equal(scores_of(artifact).chances(QUERY), chances_of_scores(scores))


def test_to_order_one_query_leaves_its_first_stage_as_it_was(artifact: ModelArtifact) -> None:
    scorer = ItemScorer(artifact)
    evidence = scorer.evidence(QUERY)
    values = scorer.features_of([evidence])[0]
    blend = scorer.weigh(values)
    before = blend.copy()

    Reranker(artifact, scorer).reorder(QUERY, evidence, values, blend)

    assert np.array_equal(blend, before)
