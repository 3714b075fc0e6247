"""The second stage: what its features are, and where it puts the shortlist."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, log1p

import numpy as np
import pytest
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.components.boosted_trees import TreeParams, fit_ranker
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.scoring.reranker import NAMES, Reranker, combine
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

ITEMS = ("apple", "bread", "cream", "dates", "eggs", "figs")
APPLE, BREAD, CREAM, DATES, EGGS, FIGS = range(6)
SHOP = PlantedShop(
    items=[
        PlantedItem("apple", "Food > Fruit", 1.0),
        PlantedItem("bread", "Food > Bakery", 2.0),
        PlantedItem("cream", "Food > Dairy", 3.0),
        PlantedItem("dates", "Food > Fruit", 4.0),
        PlantedItem("eggs", "Food > Dairy", None),
        PlantedItem("figs", "Food > Fruit", 6.0),
    ],
    baskets=[
        (["apple", "bread"], 40),
        (["cream", "dates"], 30),
        (["apple", "cream"], 12),
        (["eggs", "figs"], 20),
    ],
    histories={"ann": {"bread": 3, "dates": 1}},
)


@pytest.fixture
def artifact() -> ModelArtifact:
    return make_artifact(SHOP)


def with_trees(artifact: ModelArtifact, *, wanted: str, size: int = 4, weight: float = 8.0) -> ModelArtifact:
    """Trees that like high values of the feature `wanted`."""
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
    config = artifact.info.config | {"trees_weight": weight, "shortlist_size": size}
    return replace(
        artifact, info=replace(artifact.info, config=config), model=replace(artifact.model, trees=trees)
    )


def columns_of(artifact: ModelArtifact, query: ItemQuery, items: list[int]) -> dict[str, NDArray[np.float32]]:
    scorer = ItemScorer(artifact)
    evidence = scorer.evidence(query)
    values = scorer.features_of([evidence])[0]
    features = Reranker(artifact, scorer).features(evidence, np.array(items), values, scorer.weigh(values))
    return dict(zip(NAMES, features.T, strict=True))


def test_features_of_a_history_are_what_a_hand_counts(artifact: ModelArtifact) -> None:
    # The planted purchases are all 365 days old: three of bread, one of dates.
    found = columns_of(artifact, ItemQuery(user_index=0), [BREAD, DATES, FIGS])

    assert found["bought"].tolist() == pytest.approx([log1p(3), log1p(1), 0])
    assert found["share"].tolist() == pytest.approx([3 / 4, 1 / 4, 0])
    assert found["decayed_90"].tolist() == pytest.approx([3 * exp(-365 / 90), exp(-365 / 90), 0])
    assert found["last_age"].tolist()[:2] == [365, 365]
    assert np.isnan(found["last_age"][2])
    assert np.isnan(found["cycle"]).all()
    assert found["history_size"].tolist() == pytest.approx([log1p(4)] * 3)


def test_features_of_categories_and_prices_are_what_a_hand_counts(artifact: ModelArtifact) -> None:
    found = columns_of(artifact, ItemQuery(cart=[APPLE, CREAM], user_index=0), [DATES, EGGS])

    assert found["cart_category"].tolist() == [1, 1]
    assert found["cart_parent"].tolist() == found["cart_root"].tolist() == [2, 2]
    assert found["affinity_category"].tolist() == pytest.approx([1 / 4, 0])
    assert found["affinity_root"].tolist() == [1, 1]
    assert found["cart_brand"].tolist() == [0, 0]
    assert found["price"][0] == pytest.approx(log(4.1))
    assert found["price_to_usual"][0] == pytest.approx(log(4.1) - (3 * log(2.1) + log(4.1)) / 4)
    assert np.isnan(found["price"][1])


def test_the_parts_of_the_gnn_add_up_to_it(artifact: ModelArtifact) -> None:
    found = columns_of(artifact, ItemQuery(cart=[APPLE], user_index=0), [BREAD, FIGS])

    parts = found["gnn_cart"] + found["gnn_history"] + found["gnn_user"]

    assert parts + artifact.model.bias[[BREAD, FIGS]] == pytest.approx(found["gnn"], abs=1e-4)


def test_an_empty_query_has_features_too(artifact: ModelArtifact) -> None:
    found = columns_of(artifact, ItemQuery(), [APPLE])

    assert found["history_size"].tolist() == found["cart_size"].tolist() == found["share"].tolist() == [0]
    assert np.isnan(found["price_to_usual"]).all()


def test_without_trees_the_blend_stands(artifact: ModelArtifact) -> None:
    scorer = ItemScorer(artifact)
    queries = [ItemQuery(cart=[APPLE], user_index=0), ItemQuery()]

    assert np.array_equal(Reranker(artifact, scorer).score(queries), scorer.score(queries))


def test_trees_order_the_shortlist_and_the_rest_follows_in_the_order_of_the_blend(
    artifact: ModelArtifact,
) -> None:
    artifact = with_trees(artifact, wanted="price")
    scorer = ItemScorer(artifact)
    query = ItemQuery(cart=[APPLE])
    blend = scorer.score([query])[0]
    shortlist = Reranker(artifact, scorer).shortlist(query, blend)

    scores = Reranker(artifact, scorer).score([query])[0]

    assert APPLE not in shortlist
    assert len(shortlist) == 4
    outside = [item for item in range(6) if item not in shortlist]
    assert scores[shortlist].min() > scores[outside].max()
    assert np.argsort(scores[outside]).tolist() == np.argsort(blend[outside]).tolist()
    priced = [item for item in shortlist if item != EGGS]
    assert max(priced, key=lambda item: scores[item]) == max(priced)


def test_scores_of_many_queries_are_those_of_one(artifact: ModelArtifact) -> None:
    artifact = with_trees(artifact, wanted="gnn")
    reranker = Reranker(artifact, ItemScorer(artifact))
    queries = [ItemQuery(cart=[APPLE]), ItemQuery(user_index=0), ItemQuery(), ItemQuery(recent=[FIGS, EGGS])]

    one_by_one = np.concatenate([reranker.score([query]) for query in queries])

    assert np.isfinite(one_by_one).all()
    assert reranker.score(queries) == pytest.approx(one_by_one, abs=1e-5)


def test_a_cart_that_holds_all_leaves_no_shortlist(artifact: ModelArtifact) -> None:
    artifact = with_trees(artifact, wanted="gnn")

    assert np.isfinite(Reranker(artifact, ItemScorer(artifact)).score([ItemQuery(cart=range(6))])).all()


def test_equal_scores_say_nothing_in_the_final_one() -> None:
    flat, steep = np.ones(3, dtype=np.float32), np.array([1.0, 2.0, 3.0], dtype=np.float32)

    assert combine(flat, steep, 2.0) == pytest.approx(2 * (steep - 2) / steep.std())
