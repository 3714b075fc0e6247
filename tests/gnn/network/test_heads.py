from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.components.assembly import assemble
from gnn.components.ease import fit_ease
from gnn.components.ensemble import scorer_queries
from gnn.components.fitting import FittedModel
from gnn.config import TrainingConfig
from gnn.data.hetero_data import feature_memberships, hetero_data
from gnn.data.purchases import Purchases, read_purchases
from gnn.data.queries import CompletionQueries
from gnn.network.basket_batches import query_batch
from gnn.network.basket_task import BasketTask
from gnn.network.encoder import HeteroEncoder
from gnn.network.heads import BasketHead, LinkModel
from gnn.network.losses import Candidates
from gnn.data.sparse import adjacency
from gnn.network.training_run import TrainingRun
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.weights import ServedWeights
from graph.edges import EdgeTables

CPU = torch.device("cpu")
RANKED = np.arange(20, dtype=np.int32)
CARTS = np.zeros((3, 20), dtype=np.float32)
CARTS[0, [0, 1]] = 1
CARTS[1, 5] = 1
QUERIES = CompletionQueries(csr_matrix(CARTS), np.array([3, -1, 7]), np.array([2, 6, 0]), ("a", "b", "c"))


@pytest.fixture
def model(shop_edges: EdgeTables, shop_purchases: Purchases) -> LinkModel:
    """An untrained model all of whose parameters say something."""
    torch.manual_seed(0)
    memberships = adjacency(feature_memberships(hetero_data(shop_edges, RANKED)), device=CPU)
    encoder = HeteroEncoder(memberships, {}, dim=4, num_layers=1)
    num_users = shop_purchases.counts.shape[0]
    head = BasketHead(torch.randn(20), num_users=num_users, dim=4, dropout=0.5)
    with torch.no_grad():
        head.users.weight[:-1].normal_()
        head.scale.copy_(torch.tensor([1.5, 0.4]))
        head.count_weight.copy_(torch.tensor([0.7, 0.3]))
    return LinkModel(encoder, head).eval()


def test_the_scorer_that_serves_gives_the_scores_of_the_model_that_was_trained(
    model: LinkModel,
    shop: Tables,
    shop_edges: EdgeTables,
    shop_purchases: Purchases,
    tiny_config: TrainingConfig,
) -> None:
    with torch.inference_mode():
        expected = model(query_batch(shop_purchases, QUERIES, device=CPU)).numpy()

    assert isinstance(model.head, BasketHead)
    task = BasketTask(model.head, shop_purchases, tiny_config, CPU)
    links = TrainingRun(model, task, tiny_config, CPU).best_links()
    ease = fit_ease(shop_purchases, ridge=1.0)
    fitted = FittedModel("gnn", read_purchases(shop, shop_edges), shop_purchases, RANKED, links, ease, False)
    by_log, by_known = links.count_weights
    blend = {"gnn": 1.0, "bought": by_log, "known": by_known}
    artifact = assemble(shop, shop_edges, fitted, weights=ServedWeights(ease_top_k=5, blend=blend))
    scores = ItemScorer(artifact).score(scorer_queries(QUERIES, RANKED))

    assert scores == pytest.approx(expected, abs=1e-4)


def test_the_scores_of_candidates_are_those_of_the_catalogue(
    model: LinkModel, shop_purchases: Purchases
) -> None:
    batch = query_batch(shop_purchases, QUERIES, device=CPU)
    candidates = Candidates(torch.tensor([0, 3, 11, 19]), torch.zeros(4))

    with torch.inference_mode():
        tables = model.encoder()
        everything, some = model.head(tables, batch), model.head(tables, batch, candidates)

    assert torch.allclose(some, everything[:, candidates.items], atol=1e-5)


def test_vectors_are_dropped_in_training_alone(model: LinkModel, shop_purchases: Purchases) -> None:
    batch = query_batch(shop_purchases, QUERIES, device=CPU)

    with torch.inference_mode():
        assert torch.equal(model(batch), model(batch))
        model.train()
        assert not torch.equal(model(batch), model(batch))
