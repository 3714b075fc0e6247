"""The account of a score is exact: what it says adds up to what is served."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from etl.tables import Tables
from gnn.artifact.model import ModelArtifact
from gnn.components.assembly import assemble
from gnn.components.choosing import starting_weights
from gnn.components.fitting import fit_model, ranked_items
from gnn.config import TrainingConfig
from gnn.data.purchases import Purchases
from gnn.network.training import no_progress
from gnn.scoring.encoder_parts import EncoderParts
from gnn.scoring.explanation import ExplanationError, ScoreExplainer
from gnn.scoring.explanation_vectors import HISTORY, SOURCE, TARGET, VectorParts
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from graph.edges import EdgeTables


@pytest.fixture(scope="module", params=[1, 2], ids=["one layer", "two layers"])
def trained(
    request: pytest.FixtureRequest,
    shop: Tables,
    shop_edges: EdgeTables,
    shop_purchases: Purchases,
    tiny_config: TrainingConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> ModelArtifact:
    config = replace(tiny_config, num_layers=request.param)
    model = fit_model(
        shop_purchases,
        shop_edges,
        config=config,
        ranked=ranked_items(shop_purchases, config, is_sequence=False),
        is_sequence=False,
        validation=None,
        max_epochs=2,
        checkpoint=Path(tmp_path_factory.mktemp("explained")) / "run.pt",
        progress=no_progress,
    )
    return assemble(shop, shop_edges, model, weights=starting_weights(model, config))


@pytest.fixture(scope="module")
def scorer(trained: ModelArtifact) -> ItemScorer:
    return ItemScorer(trained)


@pytest.fixture(scope="module")
def explainer(trained: ModelArtifact, scorer: ItemScorer) -> ScoreExplainer:
    return ScoreExplainer(trained, scorer)


def test_the_parts_of_a_vector_sum_to_it(trained: ModelArtifact) -> None:
    vectors = VectorParts(trained.encoder, num_categories=len(trained.categories.category_ids))
    served = {SOURCE: trained.model.source, TARGET: trained.model.target, HISTORY: trained.model.history}

    assert len(vectors) == len(trained.model.ranked)
    for role, table in served.items():
        for item in range(len(vectors)):
            np.testing.assert_allclose(vectors.of(item, role)[1].sum(axis=0), table[item], atol=1e-4)


def test_an_item_is_made_of_itself_its_categories_and_its_neighbours(trained: ModelArtifact) -> None:
    vectors = VectorParts(trained.encoder, num_categories=len(trained.categories.category_ids))

    parts, _ = vectors.of(0, TARGET)

    assert ("item", 0) in parts
    category = int(trained.catalogue.category[trained.model.ranked[0]])
    assert ("category", category) in parts
    assert any(part.relation == "co_purchase" for part in parts)


def test_both_accounts_sum_to_what_the_gnn_says(
    trained: ModelArtifact, scorer: ItemScorer, explainer: ScoreExplainer
) -> None:
    ranked = trained.model.ranked
    query = ItemQuery(cart=ranked[:2].tolist(), user_index=0, recent=[int(ranked[5])])
    scores = scorer.features([query])[0, 0] - trained.model.bias
    gnn = scores - scores.mean()

    for item in (3, 7, 11):
        found = explainer.explain(query, item)

        assert found.total == pytest.approx(gnn[item], abs=1e-4)
        assert sum(found.asked.values()) == pytest.approx(gnn[item], abs=1e-4)
        assert sum(found.carried.values()) == pytest.approx(gnn[item], abs=1e-4)
        assert sum(found.by_relation().values()) == pytest.approx(gnn[item], abs=1e-4)


def test_who_asked_is_named_with_the_loudest_first(trained: ModelArtifact, explainer: ScoreExplainer) -> None:
    asked = explainer.explain(ItemQuery(cart=trained.model.ranked[:2].tolist()), 3).asked

    assert {(part.relation, part.node) for part in asked} == {("cart", 0), ("cart", 1)}
    sizes = [abs(value) for value in asked.values()]
    assert sizes == sorted(sizes, reverse=True)


def test_a_query_that_says_nothing_has_an_account_of_zero(explainer: ScoreExplainer) -> None:
    found = explainer.explain(ItemQuery(), 3)

    assert (found.total, dict(found.asked)) == (0.0, {})
    assert set(found.carried.values()) == {0.0}


def test_a_model_without_a_gnn_says_that_there_is_nothing_to_explain(trained: ModelArtifact) -> None:
    closed_form = replace(trained, encoder=EncoderParts.none())

    with pytest.raises(ExplanationError, match="no GNN to explain"):
        ScoreExplainer(closed_form, ItemScorer(closed_form))
