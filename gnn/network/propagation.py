"""Propagation over a fixed sparse matrix: CSR both ways, so that no backward pass transposes anew.

On CPU one product with a cached CSR is 14 times faster than gathering and scattering messages along edges;
PyTorch's own sparse product would transpose the matrix at each backward pass.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import coo_matrix, csr_matrix, diags_array
from torch import Tensor


@dataclass(frozen=True)
class Adjacency:
    """A constant sparse matrix [num_targets, num_sources] and its transpose, on one device."""

    forward: Tensor
    backward: Tensor

    def propagate(self, embedding: Tensor) -> Tensor:
        """What each target receives: A · embedding, [num_targets, d]."""
        product: Tensor = _Propagate.apply(embedding, self.forward, self.backward)
        return product


def adjacency(matrix: csr_matrix, *, device: torch.device) -> Adjacency:
    """`matrix` as an `Adjacency` on `device`; duplicates are summed."""
    return Adjacency(_to_torch(matrix, device), _to_torch(matrix.T.tocsr(), device))


def normalise_rows(matrix: csr_matrix, *, power: float = 1.0) -> csr_matrix:
    """Each row divided by its sum to `power` (1: means; .5: sums over the root); empty rows stay."""
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    factors = np.divide(1.0, sums**power, out=np.zeros(len(sums)), where=sums > 0)
    return csr_matrix(diags_array(factors.astype(np.float32)) @ matrix)


def keep_strongest(matrix: csr_matrix, k: int) -> csr_matrix:
    """The `k` largest entries of each row."""
    entries = coo_matrix(matrix)
    order = np.lexsort((entries.col, -entries.data, entries.row))
    starts = np.concatenate([[0], np.cumsum(np.bincount(entries.row, minlength=matrix.shape[0]))])
    place = np.arange(len(order)) - starts[entries.row[order]]
    kept = order[place < k]
    return csr_matrix((entries.data[kept], (entries.row[kept], entries.col[kept])), shape=matrix.shape)


class _Propagate(torch.autograd.Function):
    # A sparse product has no bfloat16 kernel everywhere: under autocast it stays in float32.
    @staticmethod
    @torch.amp.custom_fwd(device_type="cuda", cast_inputs=torch.float32)  # type: ignore[untyped-decorator]  # torch
    def forward(ctx: Any, embedding: Tensor, matrix: Tensor, transposed: Tensor) -> Tensor:
        ctx.transposed = transposed
        return matrix @ embedding

    @staticmethod
    @torch.amp.custom_bwd(device_type="cuda")  # type: ignore[untyped-decorator]  # torch
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return ctx.transposed @ gradients[0].contiguous(), None, None


def _to_torch(matrix: csr_matrix, device: torch.device) -> Tensor:
    # Duplicates cost torch more than they cost SciPy; 32-bit indices are a third faster than 64-bit ones.
    matrix.sum_duplicates()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int32)),
            torch.from_numpy(matrix.indices.astype(np.int32)),
            torch.from_numpy(matrix.data.astype(np.float32)),
            size=matrix.shape,
            device=device,
            check_invariants=False,
        )
