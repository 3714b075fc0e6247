from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from gnn.data.sparse import adjacency, keep_strongest, normalise_rows

CPU = torch.device("cpu")
MATRIX = np.array([[0, 2, 0], [1, 0, 3]], dtype=np.float32)


def test_propagation_and_its_gradient_equal_those_of_the_dense_matrix() -> None:
    sparse_input = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    dense_input = sparse_input.detach().clone().requires_grad_()
    direction = torch.arange(8.0).view(2, 4)

    sparse_output = adjacency(csr_matrix(MATRIX), device=CPU).propagate(sparse_input)
    dense_output = torch.from_numpy(MATRIX) @ dense_input
    (sparse_output * direction).sum().backward()  # type: ignore[no-untyped-call]  # torch
    (dense_output * direction).sum().backward()  # type: ignore[no-untyped-call]  # torch

    assert torch.allclose(sparse_output, dense_output)
    assert sparse_input.grad is not None
    assert dense_input.grad is not None
    assert torch.allclose(sparse_input.grad, dense_input.grad)


def test_a_matrix_without_rows_or_entries_propagates_nothing() -> None:
    assert adjacency(csr_matrix(np.zeros((0, 3), dtype=np.float32)), device=CPU).propagate(
        torch.ones(3, 2)
    ).shape == (
        0,
        2,
    )
    assert (
        adjacency(csr_matrix(np.zeros((2, 3), dtype=np.float32)), device=CPU)
        .propagate(torch.ones(3, 2))
        .sum()
        == 0
    )


def test_rows_become_means_or_sums_over_the_root_and_empty_ones_stay() -> None:
    counts = csr_matrix(np.array([[1, 3], [0, 0]], dtype=np.float32))

    assert normalise_rows(counts).toarray().tolist() == [[1 / 4, 3 / 4], [0, 0]]
    assert normalise_rows(counts, power=0.5).toarray()[0] == pytest.approx([1 / 4**0.5, 3 / 4**0.5])


def test_the_strongest_entries_of_each_row_stay() -> None:
    weights = csr_matrix(np.array([[0.1, 0.5, 0.3], [0, 0, 0.2], [0, 0, 0]], dtype=np.float32))

    kept = keep_strongest(weights, 2).toarray()

    assert kept == pytest.approx(np.array([[0, 0.5, 0.3], [0, 0, 0.2], [0, 0, 0]]))
