from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.artifact.scorers import item_scorer
from gnn.components.assembly import SCORING, assemble
from gnn.components.context import Tuning
from gnn.config import DEMO, SequenceConfig, TrainingConfig
from gnn.data.hetero_data import HeteroData, hetero_data, message_graph
from gnn.data.purchases import Purchases
from gnn.data.queries import CompletionQueries, item_queries
from gnn.network.basket_task import BasketTask, query_batch
from gnn.network.encoder import HeteroEncoder, ItemTables
from gnn.network.heads import BasketHead, LinkModel, SequenceHead
from gnn.network.losses import Candidates
from gnn.network.sequence_task import SequenceTask, next_item_batch, score_sequences
from gnn.network.training import TrainingRun
from gnn.scoring.item_model import Ensemble
from gnn.scoring.sequences import Sequences
from graph.edges import EdgeTables
from tests.gnn.planted_context import make_context

CPU = torch.device("cpu")
RANKED = np.arange(20, dtype=np.int32)
CARTS = np.zeros((3, 20), dtype=np.float32)
CARTS[0, [0, 1]] = 1
CARTS[1, 5] = 1
QUERIES = CompletionQueries(csr_matrix(CARTS), np.array([3, -1, 7]), np.array([2, 6, 0]), ("a", "b", "c"))


NUM_ITEMS, DIM = 7, 6
SEQUENCES = Sequences(
    indptr=np.array([0, 4, 6]),
    item=np.array([3, 1, 4, 1, 2, 0], dtype=np.int32),
    age_days=np.array([40.0, 9, 5, 0, 4, 3]),
)


@pytest.fixture
def graph(shop_edges: EdgeTables) -> HeteroData:
    return message_graph(hetero_data(shop_edges, RANKED), {})


@pytest.fixture
def model(graph: HeteroData, shop_purchases: Purchases) -> LinkModel:
    """Untrained, but no parameter is 0."""
    torch.manual_seed(0)
    encoder = HeteroEncoder(graph, dim=4, num_layers=1)
    num_users = shop_purchases.counts.shape[0]
    head = BasketHead(torch.randn(20), num_users=num_users, dim=4, dropout=0.5)
    with torch.no_grad():
        head.users.weight[:-1].normal_()
        head.scale.copy_(torch.tensor([1.5, 0.4]))
        head.count_weight.copy_(torch.tensor([0.7, 0.3]))
    return LinkModel(encoder, head).eval()


def test_the_served_scorer_gives_the_scores_of_the_trained_model(
    model: LinkModel,
    graph: HeteroData,
    shop: Tables,
    shop_purchases: Purchases,
    tiny_config: TrainingConfig,
) -> None:
    with torch.inference_mode():
        expected = model(graph, query_batch(shop_purchases, QUERIES, device=CPU)).numpy()

    assert isinstance(model.head, BasketHead)
    task = BasketTask(model.head, shop_purchases, tiny_config, CPU)
    links = TrainingRun(model, graph, task, tiny_config, CPU).best_links()
    by_log, by_known = links.count_weights
    ensemble = Ensemble(1.0, 0.0, by_log, by_known, 0.0, 0.0)
    context = make_context(
        shop, config=tiny_config, tuning=Tuning(1, ease_top_k=5, ensemble=ensemble), links=links
    )
    scorer = item_scorer(assemble(context, only=SCORING))

    assert context.data.ranked.tolist() == RANKED.tolist()
    assert scorer.score(item_queries(QUERIES, RANKED)) == pytest.approx(expected, abs=1e-4)


def test_the_scores_of_candidates_are_those_of_the_catalogue(
    model: LinkModel, graph: HeteroData, shop_purchases: Purchases
) -> None:
    batch = query_batch(shop_purchases, QUERIES, device=CPU)
    candidates = Candidates(torch.tensor([0, 3, 11, 19]), torch.zeros(4))

    with torch.inference_mode():
        tables = model.encoder(graph)
        everything, some = model.head(tables, batch), model.head(tables, batch, candidates)

    assert torch.allclose(some, everything[:, candidates.items], atol=1e-5)


def test_vectors_are_dropped_in_training_alone(
    model: LinkModel, graph: HeteroData, shop_purchases: Purchases
) -> None:
    batch = query_batch(shop_purchases, QUERIES, device=CPU)

    with torch.inference_mode():
        assert torch.equal(model(graph, batch), model(graph, batch))
        model.train()
        assert not torch.equal(model(graph, batch), model(graph, batch))


def sequence_head(config: SequenceConfig) -> tuple[SequenceHead, ItemTables]:
    """Untrained, but no parameter is 0; and tables for it."""
    torch.manual_seed(0)
    head = SequenceHead(torch.randn(NUM_ITEMS), dim=DIM, config=config).eval()
    with torch.no_grad():
        head.by_age.copy_(torch.tensor([-0.5, 0.2]) * config.is_ordered)
        head.by_vector.normal_()
        head.power.copy_(torch.tensor([0.3, 0.9]))
    return head, ItemTables(*torch.randn(3, NUM_ITEMS, DIM))


@pytest.mark.parametrize("is_ordered", [True, False])
def test_the_served_formula_gives_the_scores_of_the_trained_head(is_ordered: bool) -> None:
    config = SequenceConfig(num_heads=2, max_steps=8, is_ordered=is_ordered)
    head, tables = sequence_head(config)
    batch = next_item_batch(SEQUENCES, np.array([0, 1]), max_steps=8, device=CPU)

    with torch.inference_mode():
        trained = (head(tables, batch) @ tables.target.T + head.bias).numpy()
        links = SequenceTask(head, SEQUENCES, DEMO, config, CPU).links(tables)

    # The histories before each target, aged to that target.
    histories = Sequences(
        indptr=np.array([0, 1, 3, 6, 7]),
        item=np.array([3, 3, 1, 3, 1, 4, 2], dtype=np.int32),
        age_days=np.array([31.0, 35, 4, 40, 9, 5, 1]),
    )
    assert score_sequences(histories, links) == pytest.approx(trained, abs=1e-4)


@pytest.mark.parametrize("is_ordered", [True, False])
def test_the_order_of_a_history_counts_only_where_the_config_says_so(is_ordered: bool) -> None:
    config = SequenceConfig(num_heads=2, is_ordered=is_ordered)
    head, tables = sequence_head(config)
    backward = Sequences(np.array([0, 3]), np.array([4, 1, 3], np.int32), np.zeros(3))
    forward = Sequences(np.array([0, 3]), np.array([3, 1, 4], np.int32), np.zeros(3))

    with torch.inference_mode():
        links = SequenceTask(head, SEQUENCES, DEMO, config, CPU).links(tables)

    difference = np.abs(score_sequences(forward, links) - score_sequences(backward, links)).max()
    assert (difference > 0.1) == is_ordered
    assert difference > 0.1 or difference < 1e-5


def test_the_age_of_a_history_does_not_count_without_order() -> None:
    config = SequenceConfig(num_heads=2, is_ordered=False)
    head, tables = sequence_head(config)
    young = Sequences(np.array([0, 3]), np.array([4, 1, 3], np.int32), np.array([5.0, 4, 0]))

    with torch.inference_mode():
        links = SequenceTask(head, SEQUENCES, DEMO, config, CPU).links(tables)

    old = replace(young, age_days=np.array([9.0, 2, 0]))
    assert score_sequences(young, links) == pytest.approx(score_sequences(old, links), abs=1e-5)


def test_events_are_dropped_in_training_alone() -> None:
    config = SequenceConfig(num_heads=2, dropout=0.0, event_dropout=0.5)
    head, tables = sequence_head(config)
    batch = next_item_batch(SEQUENCES, np.array([0, 1]), max_steps=8, device=CPU)

    with torch.inference_mode():
        assert torch.equal(head(tables, batch), head(tables, batch))
        head.train()
        assert not torch.equal(head(tables, batch), head(tables, batch))
        assert torch.isfinite(head(tables, batch)).all()
