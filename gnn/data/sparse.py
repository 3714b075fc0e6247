"""Normalising and pruning sparse matrices, with NumPy and SciPy."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags_array


def normalise_rows(matrix: csr_matrix, *, power: float = 1.0) -> csr_matrix:
    """Divide each row by its sum to the `power` (1: means; 0.5: sums over the root); empty rows stay empty."""
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    factors = np.divide(1.0, sums**power, out=np.zeros(len(sums)), where=sums > 0)
    return csr_matrix(diags_array(factors.astype(np.float32)) @ matrix)


def keep_strongest(matrix: csr_matrix, k: int) -> csr_matrix:
    """Keep the `k` largest entries of each row."""
    entries = coo_matrix(matrix)
    order = np.lexsort((entries.col, -entries.data, entries.row))
    starts = np.concatenate([[0], np.cumsum(np.bincount(entries.row, minlength=matrix.shape[0]))])
    place = np.arange(len(order)) - starts[entries.row[order]]
    kept = order[place < k]
    return csr_matrix((entries.data[kept], (entries.row[kept], entries.col[kept])), shape=matrix.shape)
