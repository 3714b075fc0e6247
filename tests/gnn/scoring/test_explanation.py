"""Explanations of a score are exact: their terms add up to the served score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from etl.tables import Tables
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import item_scorer
from gnn.components.assembly import SCORING, assemble
from gnn.components.context import FitContext, Tuning
from gnn.components.learned import learn
from gnn.config import TrainingConfig
from gnn.data.training_data import training_data
from gnn.network.training import no_progress
from gnn.scoring.explanation import (
    HISTORY,
    SOURCE,
    TARGET,
    Encoder,
    ExplanationError,
    ScoreExplainer,
    VectorTerms,
)
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from graph.edges import EdgeTables


@pytest.fixture(scope="module", params=[1, 2], ids=["one layer", "two layers"])
def trained(
    request: pytest.FixtureRequest,
    shop: Tables,
    shop_edges: EdgeTables,
    tiny_config: TrainingConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> ModelArtifact:
    config = replace(tiny_config, num_layers=request.param)
    data = training_data(shop, shop_edges, config=config, is_sequence=False)
    learned = learn(
        data,
        config=config,
        validation=None,
        max_epochs=2,
        checkpoint=tmp_path_factory.mktemp("explained") / "run.pt",
        progress=no_progress,
    )
    return assemble(FitContext(data, learned, Tuning(num_epochs=2, ease_top_k=50), config), only=SCORING)


@pytest.fixture(scope="module")
def scorer(trained: ModelArtifact) -> ItemScorer:
    return item_scorer(trained)


@pytest.fixture(scope="module")
def explainer(trained: ModelArtifact, scorer: ItemScorer) -> ScoreExplainer:
    return explainer_of(trained, scorer)


def explainer_of(artifact: ModelArtifact, scorer: ItemScorer) -> ScoreExplainer:
    return ScoreExplainer(artifact.encoder, scorer, num_categories=len(artifact.categories.category_ids))


def test_the_terms_of_a_vector_sum_to_it(trained: ModelArtifact) -> None:
    vectors = VectorTerms(trained.encoder, num_categories=len(trained.categories.category_ids))
    network = trained.network
    served = {SOURCE: network.source, TARGET: network.target, HISTORY: network.history}

    assert len(vectors) == len(trained.ranked.item)
    for role, table in served.items():
        for item in range(len(vectors)):
            np.testing.assert_allclose(vectors.of(item, role)[1].sum(axis=0), table[item], atol=1e-4)


def test_an_item_is_made_of_itself_its_categories_and_its_neighbours(trained: ModelArtifact) -> None:
    vectors = VectorTerms(trained.encoder, num_categories=len(trained.categories.category_ids))

    terms, _ = vectors.of(0, TARGET)

    assert ("item", 0) in terms
    category = int(trained.catalogue.category[trained.ranked.item[0]])
    assert ("category", category) in terms
    assert any(term.relation == "co_purchase" for term in terms)


def test_both_sums_are_the_score_of_the_gnn(
    trained: ModelArtifact, scorer: ItemScorer, explainer: ScoreExplainer
) -> None:
    ranked = trained.ranked.item
    query = ItemQuery(cart=ranked[:2].tolist(), user_index=0, recent=[int(ranked[5])])
    scores = scorer.features([scorer.evidence(query)])[0, 0] - trained.network.bias
    gnn = scores - scores.mean()

    for item in (3, 7, 11):
        found = explainer.explain(query, item)

        assert found.total == pytest.approx(gnn[item], abs=1e-4)
        assert sum(found.by_query.values()) == pytest.approx(gnn[item], abs=1e-4)
        assert sum(found.by_node.values()) == pytest.approx(gnn[item], abs=1e-4)
        assert sum(found.by_relation().values()) == pytest.approx(gnn[item], abs=1e-4)


def test_contributions_of_the_query_come_largest_first(
    trained: ModelArtifact, explainer: ScoreExplainer
) -> None:
    contributions = explainer.explain(ItemQuery(cart=trained.ranked.item[:2].tolist()), 3).by_query

    assert {(term.relation, term.node) for term in contributions} == {("cart", 0), ("cart", 1)}
    sizes = [abs(value) for value in contributions.values()]
    assert sizes == sorted(sizes, reverse=True)


def test_an_empty_query_has_contributions_of_zero(explainer: ScoreExplainer) -> None:
    found = explainer.explain(ItemQuery(), 3)

    assert (found.total, dict(found.by_query)) == (0.0, {})
    assert set(found.by_node.values()) == {0.0}


def test_a_model_without_a_gnn_has_nothing_to_explain(trained: ModelArtifact) -> None:
    closed_form = replace(trained, encoder=Encoder())

    with pytest.raises(ExplanationError, match="no GNN to explain"):
        explainer_of(closed_form, item_scorer(closed_form))
