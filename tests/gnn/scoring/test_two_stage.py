"""Trees reorder the shortlist of a first stage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import basket_stage, item_scorer, two_stage_scorer
from gnn.components.boosted_trees import TreeParams, fit_ranker
from gnn.scoring.item_model import Reranker
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.two_stage import combine, shortlist
from tests.artifact_factory import make_artifact
from tests.gnn.planted_baskets import APPLE, BREAD, CREAM, DATES, EGGS, FIGS, NAMES, SHOP


@pytest.fixture
def artifact() -> ModelArtifact:
    return make_artifact(SHOP)


def with_trees(artifact: ModelArtifact, *, wanted: str, size: int = 4, weight: float = 8.0) -> ModelArtifact:
    """Trees that rank high values of the feature `wanted` first."""
    rng = np.random.default_rng(0)
    features = rng.uniform(0, 2, size=(400, 2, len(NAMES))).astype(np.float32)
    relevance = (features[:, :, NAMES.index(wanted)].argmax(axis=1)[:, None] == np.arange(2)).astype(int)
    trees = fit_ranker(
        features.reshape(-1, len(NAMES)),
        relevance.ravel(),
        np.full(400, 2),
        names=NAMES,
        seed=0,
        params=TreeParams(num_trees=50, num_leaves=8, min_rows_a_leaf=5),
    )
    return replace(artifact, reranker=Reranker(trees, weight, size))


def test_without_trees_the_first_stage_is_served(artifact: ModelArtifact) -> None:
    queries = [ItemQuery(cart=[APPLE], user_index=0), ItemQuery()]

    assert np.array_equal(two_stage_scorer(artifact).score(queries), item_scorer(artifact).score(queries))


def test_trees_order_the_shortlist_and_the_rest_follows_in_the_order_of_the_first_stage(
    artifact: ModelArtifact,
) -> None:
    artifact = with_trees(artifact, wanted="price")
    query = ItemQuery(cart=[APPLE])
    scored = basket_stage(artifact, item_scorer(artifact)).score_queries([query])
    first, candidates = scored.scores[0], shortlist(scored, size=4)[0]

    scores = two_stage_scorer(artifact).score([query])[0]

    assert APPLE not in candidates
    assert len(candidates) == 4
    outside = [item for item in range(6) if item not in candidates]
    assert scores[candidates].min() > scores[outside].max()
    assert np.argsort(scores[outside]).tolist() == np.argsort(first[outside]).tolist()
    priced = [item for item in candidates if item != EGGS]
    assert max(priced, key=lambda item: scores[item]) == max(priced)


def test_scores_of_many_queries_are_those_of_one(artifact: ModelArtifact) -> None:
    artifact = with_trees(artifact, wanted="gnn")
    scorer = two_stage_scorer(artifact)
    queries = [ItemQuery(cart=[APPLE]), ItemQuery(user_index=0), ItemQuery(), ItemQuery(recent=[FIGS, EGGS])]

    one_by_one = np.concatenate([scorer.score([query]) for query in queries])

    assert np.isfinite(one_by_one).all()
    assert scorer.score(queries) == pytest.approx(one_by_one, abs=1e-5)


def test_a_cart_that_holds_all_leaves_no_shortlist(artifact: ModelArtifact) -> None:
    artifact = with_trees(artifact, wanted="gnn")

    assert np.isfinite(two_stage_scorer(artifact).score([ItemQuery(cart=range(6))])).all()


def test_equal_scores_add_nothing_to_the_final_one() -> None:
    flat, steep = np.ones(3, dtype=np.float32), np.array([1.0, 2.0, 3.0], dtype=np.float32)

    assert combine(flat, steep, 2.0) == pytest.approx(2 * (steep - 2) / steep.std())


def test_a_short_shortlist_ends_with_padding(artifact: ModelArtifact) -> None:
    scored = basket_stage(artifact, item_scorer(artifact)).score_queries(
        [ItemQuery(cart=[APPLE, BREAD, CREAM, DATES]), ItemQuery()]
    )

    candidates = shortlist(scored, size=99)

    assert sorted(candidates[0, :2].tolist()) == [EGGS, FIGS]
    assert candidates[0, 2:].tolist() == [-1] * 4
    assert candidates[1].tolist() == np.argsort(-scored.scores[1], kind="stable").tolist()
    assert shortlist(scored, size=0).shape == (2, 0)


def test_trees_without_weight_are_not_served(artifact: ModelArtifact) -> None:
    queries = [ItemQuery(cart=[APPLE])]

    weightless = with_trees(artifact, wanted="price", weight=0.0)

    assert np.array_equal(two_stage_scorer(weightless).score(queries), item_scorer(artifact).score(queries))
