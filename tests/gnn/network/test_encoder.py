from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import csr_matrix

from gnn.network.encoder import ROLES, HeteroEncoder
from gnn.data.sparse import adjacency

CPU = torch.device("cpu")
MEMBERSHIPS = np.array([[1, 0, 1], [0, 1, 1]], dtype=np.float32)  # two items of one category
RELATION = np.array([[0, 1], [0.5, 0]], dtype=np.float32)


def encoder(*, with_relation: bool, num_layers: int = 1) -> HeteroEncoder:
    torch.manual_seed(0)
    relations = {"co_purchase": adjacency(csr_matrix(RELATION), device=CPU)} if with_relation else {}
    return HeteroEncoder(
        adjacency(csr_matrix(MEMBERSHIPS), device=CPU), relations, dim=2, num_layers=num_layers
    )


def test_an_item_is_the_sum_of_its_nodes_where_there_is_no_relation() -> None:
    model = encoder(with_relation=False)

    tables = model()

    expected = torch.from_numpy(MEMBERSHIPS) @ model.embedding
    assert torch.allclose(torch.cat(tables, dim=1), expected)
    assert tables.source.shape == (2, 2)


def test_layers_are_summed_by_the_weights_of_each_role() -> None:
    model = encoder(with_relation=True, num_layers=2)
    with torch.no_grad():
        model.relation_weight.copy_(torch.arange(6.0).view(2, 1, 3))

    tables = model()

    relation = torch.from_numpy(RELATION)
    start = torch.from_numpy(MEMBERSHIPS) @ model.embedding
    for role, table in enumerate(tables):
        own = start[:, 2 * role : 2 * role + 2]
        first = role * (relation @ own)
        second = (3 + role) * (relation @ first)
        assert torch.allclose(table, own + first + second, atol=1e-6)


def test_every_parameter_learns_and_the_roles_differ() -> None:
    model = encoder(with_relation=True)

    tables = model()
    sum((weight + 1) * table.square().sum() for weight, table in enumerate(tables)).backward()

    assert len(tables) == len(ROLES)
    assert not torch.allclose(tables.source, tables.target)
    for parameter in model.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0
