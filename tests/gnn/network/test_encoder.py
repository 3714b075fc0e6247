from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.hetero_data import HeteroData, message_graph
from gnn.network.encoder import ROLES, HeteroEncoder

#: Item 0: category 0, a child of category 2, and brand 1. Item 1: category 1. Item 2 has neither.
MEMBERS: tuple[tuple[list[int], list[int]], ...] = (([0, 2], [1]), ([1], []), ([], []))
CO_PURCHASE = np.array([[0, 1, 0], [0.5, 0, 0.5], [0, 0, 0]], dtype=np.float32)
VIEWED = np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=np.float32)
BOTH = {"co_purchase": CO_PURCHASE, "viewed": VIEWED}


def graph_of(relations: dict[str, NDArray[np.float32]]) -> HeteroData:
    data = HeteroData()
    for node_type, count in (("Item", 3), ("Category", 3), ("Brand", 2)):
        data[node_type].num_nodes = count
    data["Item", "IN_CATEGORY", "Category"].edge_index = torch.tensor([[0, 1], [0, 1]])
    data["Category", "CHILD_OF", "Category"].edge_index = torch.tensor([[0], [2]])
    data["Item", "MADE_BY", "Brand"].edge_index = torch.tensor([[0], [1]])
    return message_graph(data, {name: csr_matrix(matrix) for name, matrix in relations.items()})


def encoder_of(graph: HeteroData, *, num_layers: int = 1) -> HeteroEncoder:
    torch.manual_seed(0)
    return HeteroEncoder(graph, dim=2, num_layers=num_layers)


def initial(encoder: HeteroEncoder) -> NDArray[np.float32]:
    """h⁰ of the formula, item by item."""
    item, category, brand = (
        encoder.embedding[node_type].detach().numpy() for node_type in ("Item", "Category", "Brand")
    )
    return np.stack(
        [
            item[number] + category[categories].sum(axis=0) + brand[brands].sum(axis=0)
            for number, (categories, brands) in enumerate(MEMBERS)
        ]
    )


def test_an_item_is_the_sum_of_itself_its_categories_and_its_brand() -> None:
    graph = graph_of({})
    encoder = encoder_of(graph)

    tables = encoder(graph)

    assert torch.cat(tables, dim=1).detach().numpy() == pytest.approx(initial(encoder))
    assert tables.source.shape == (3, 2)


@pytest.mark.parametrize("num_layers", [0, 1, 2])
def test_layers_are_summed_by_the_weights_of_each_relation_and_role(num_layers: int) -> None:
    graph = graph_of(BOTH)
    encoder = encoder_of(graph, num_layers=num_layers)
    weight = np.random.default_rng(0).normal(size=(num_layers, 2, 3)).astype(np.float32)
    with torch.no_grad():
        encoder.relation_weight.copy_(torch.from_numpy(weight))

    tables = encoder(graph)

    start = initial(encoder)
    for role, table in enumerate(tables):
        layer = total = start[:, 2 * role : 2 * role + 2]
        for by_relation in weight:
            layer = by_relation[0, role] * CO_PURCHASE @ layer + by_relation[1, role] * VIEWED @ layer
            total = total + layer
        assert table.detach().numpy() == pytest.approx(total, abs=1e-6)


def test_every_parameter_learns_and_the_roles_differ() -> None:
    graph = graph_of(BOTH)
    encoder = encoder_of(graph)

    tables = encoder(graph)
    sum((weight + 1) * table.square().sum() for weight, table in enumerate(tables)).backward()

    assert len(tables) == len(ROLES)
    assert not torch.allclose(tables.source, tables.target)
    for parameter in encoder.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0


def test_gradients_of_edge_weights_equal_those_of_the_dense_formula() -> None:
    graph = graph_of({"co_purchase": CO_PURCHASE})
    encoder = encoder_of(graph)
    edges = graph["Item", "co_purchase", "Item"]
    edges.edge_weight.requires_grad_()

    target = encoder(graph).target
    (gradient,) = torch.autograd.grad(target.sum(), edges.edge_weight)

    # ∂ Σ h / ∂ Â_ij = w Σ_d h⁰_jd, and each w begins at .1.
    sender = edges.edge_index.numpy()[1]
    assert gradient.numpy() == pytest.approx(0.1 * initial(encoder)[sender, 2:4].sum(axis=1), abs=1e-7)
