"""Scores as they are served: both stages, and cold items beside the ranked ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import basket_stage, item_scorer, item_scores, two_stage_scorer
from gnn.components.boosted_trees import TreeParams, fit_ranker
from gnn.scoring.basket_stage import BASKET_FEATURES
from gnn.scoring.cold_items import ColdSlate
from gnn.scoring.item_model import Reranker
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.item_scores import ItemScores, softmax_probabilities
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

NAMES = [name for names in BASKET_FEATURES.values() for name in names]
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
    """Of four ranked items, and trees that rank expensive ones first."""
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
    return replace(made, reranker=Reranker(trees, weight=8.0, shortlist_size=3))


def scores_of(artifact: ModelArtifact) -> ItemScores:
    return item_scores(artifact, item_scorer(artifact), cold=ColdSlate(artifact.cold_items))


def test_what_is_served_is_the_order_of_both_stages(artifact: ModelArtifact) -> None:
    items, scores = scores_of(artifact).with_cold(QUERY)

    assert items.tolist() == artifact.ranked.item.tolist()
    assert np.array_equal(scores, two_stage_scorer(artifact).score([QUERY])[0])
    assert not np.array_equal(scores, item_scorer(artifact).score([QUERY])[0])


def test_without_co_basket_trees_bundles_are_composed_by_the_first_stage(artifact: ModelArtifact) -> None:
    scores = item_scorer(artifact).score([QUERY])[0]

    assert np.array_equal(scores_of(artifact).probabilities(QUERY), softmax_probabilities(scores))


def test_reranking_leaves_the_first_stage_as_it_was(artifact: ModelArtifact) -> None:
    scored = basket_stage(artifact, item_scorer(artifact)).score_queries([QUERY])
    before = scored.scores.copy()

    two_stage_scorer(artifact).rerank(scored)

    assert np.array_equal(scored.scores, before)


def test_the_probability_of_an_item_is_that_one_of_ten_choices_is_it() -> None:
    scores = np.array([np.log(1), np.log(1), np.log(2), np.log(996)], dtype=np.float32) - 50

    # One choice in 1,000 is the first item, one in 500 the third.
    probabilities = softmax_probabilities(scores)

    expected = [1 - np.exp(-10 / 1_000), 1 - np.exp(-10 / 1_000), 1 - np.exp(-10 / 500), 1.0]
    assert probabilities.tolist() == pytest.approx(expected, rel=1e-4)


def test_no_items_have_no_probabilities() -> None:
    assert softmax_probabilities(np.zeros(0, dtype=np.float32)).tolist() == []
