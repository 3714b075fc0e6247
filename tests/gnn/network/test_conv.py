from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from gnn.data.hetero_data import EdgeIndex, weighted_edges
from gnn.network.conv import WeightedSumConv

#: Two receivers, three senders.
MATRIX = np.array([[0, 2, 0], [1, 0, 3]], dtype=np.float32)


def edges_of(matrix: np.ndarray) -> tuple[EdgeIndex, Tensor]:
    edge_index, edge_weight = weighted_edges(csr_matrix(matrix))
    return edge_index.fill_cache_(), edge_weight


@pytest.mark.parametrize("fuse", [True, False])
@pytest.mark.parametrize("matrix", [MATRIX, MATRIX.T, np.eye(3, dtype=np.float32)])
def test_the_sum_and_its_gradient_equal_those_of_the_dense_matrix(matrix: np.ndarray, fuse: bool) -> None:
    conv = WeightedSumConv()
    conv.fuse = fuse
    x = torch.randn(matrix.shape[1], 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    direction = torch.arange(4.0 * len(matrix)).view(len(matrix), 4)

    received = conv(x, *edges_of(matrix))
    (gradient,) = torch.autograd.grad((received * direction).sum(), x)

    torch.testing.assert_close(received, torch.from_numpy(matrix) @ x)
    torch.testing.assert_close(gradient, torch.from_numpy(matrix.T) @ direction)


def test_an_edge_of_weight_0_passes_no_message_either_way() -> None:
    edge_index, edge_weight = edges_of(MATRIX)
    x = torch.ones(3, 2, requires_grad=True)
    hidden = edge_weight * torch.tensor([1.0, 0.0, 1.0])  # (1, 0) is hidden

    received = WeightedSumConv()(x, edge_index, hidden)
    received.sum().backward()

    assert received.tolist() == [[2, 2], [3, 3]]
    assert x.grad is not None
    assert x.grad.tolist() == [[0, 0], [2, 2], [3, 3]]


def test_learned_edge_weights_have_gradients() -> None:
    edge_index, edge_weight = edges_of(MATRIX)
    x = torch.randn(3, 2, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    weight = edge_weight.double().requires_grad_()

    assert torch.autograd.gradcheck(lambda x, weight: WeightedSumConv()(x, edge_index, weight), (x, weight))


@pytest.mark.parametrize("shape", [(0, 3), (2, 3), (2, 0)])
def test_without_edges_nothing_is_received(shape: tuple[int, int]) -> None:
    x = torch.ones(shape[1], 2, requires_grad=True)

    received = WeightedSumConv()(x, *edges_of(np.zeros(shape, dtype=np.float32)))
    received.sum().backward()

    assert received.tolist() == [[0, 0]] * shape[0]
    assert x.grad is not None
    assert not x.grad.any()
