"""Batches: baskets with some items hidden, and what their users bought at other times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array
from torch import Tensor

from gnn.data.purchases import Purchases
from gnn.data.queries import CompletionQueries
from gnn.network.propagation import Adjacency, adjacency, normalise_rows


@dataclass(frozen=True)
class Batch:
    """Queries for the head, and the items that they ask for. Items are ranked indices."""

    cart: Adjacency
    """1 / √|C| in the places of each cart, [B, num_ranked]."""
    history: Adjacency
    """c(u, i) / √Σ_j c(u, j), [B, num_ranked]."""
    users: Tensor
    """User index, num_users for an anonymous one, [B]."""
    cart_places: tuple[Tensor, Tensor]
    """Rows and items of the carts: no candidates."""
    count_places: tuple[Tensor, Tensor]
    """Rows and items of the histories."""
    log_counts: Tensor
    """log(1 + c(u, i)) in those places."""
    hidden: tuple[Tensor, Tensor]
    """Rows and items to be found; every row has one or more."""


def hide_items(
    purchases: Purchases,
    baskets: NDArray[np.int64],
    *,
    hidden_share: float,
    rng: np.random.Generator,
    device: torch.device,
) -> Batch:
    """A batch of `baskets` (row numbers) with `hidden_share` of each hidden, at least one item.

    Histories are counted without the basket itself: what predicts a basket knows nothing of it. A basket of
    one item becomes a query with an empty cart, which teaches user→item links.
    """
    lines = purchases.lines[baskets]
    sizes = np.diff(lines.indptr)
    rows = np.repeat(np.arange(len(baskets)), sizes)
    order = np.lexsort((rng.random(lines.nnz), rows))
    place = np.empty(lines.nnz, dtype=np.int64)
    place[order] = np.arange(lines.nnz) - np.repeat(lines.indptr[:-1], sizes)
    is_hidden = place < np.maximum(np.rint(hidden_share * sizes), 1)[rows]

    cart = _ones(rows[~is_hidden], lines.indices[~is_hidden], lines.shape)
    users = purchases.basket_user[baskets]
    counts = _rows_of(purchases.counts, users)
    counts = counts - diags_array((users >= 0).astype(np.float32)) @ lines
    counts.data[counts.data < 0.5] = 0
    counts.eliminate_zeros()
    hidden = rows[is_hidden], lines.indices[is_hidden]
    return _batch(cart, counts, _rows_of_users(purchases, users), hidden, device=device)


def query_batch(purchases: Purchases, queries: CompletionQueries, *, device: torch.device) -> Batch:
    """A batch of evaluation queries; histories are all of `purchases`."""
    hidden = np.arange(len(queries)), queries.hidden
    counts = _rows_of(purchases.counts, queries.users)
    return _batch(queries.carts, counts, _rows_of_users(purchases, queries.users), hidden, device=device)


def _rows_of_users(purchases: Purchases, users: NDArray[np.int64]) -> NDArray[np.int64]:
    """User indices as the head counts them: the row after the last is that of all unknown ones."""
    return np.where(users >= 0, users, purchases.counts.shape[0])


def _batch(
    cart: csr_matrix,
    counts: csr_matrix,
    users: NDArray[np.int64],
    hidden: tuple[NDArray[np.integer], NDArray[np.integer]],
    *,
    device: torch.device,
) -> Batch:
    placed, counted = cart.tocoo(), counts.tocoo()
    return Batch(
        cart=adjacency(normalise_rows(cart, power=0.5), device=device),
        history=adjacency(normalise_rows(counts, power=0.5), device=device),
        users=_tensor(users, device),
        cart_places=(_tensor(placed.row, device), _tensor(placed.col, device)),
        count_places=(_tensor(counted.row, device), _tensor(counted.col, device)),
        log_counts=torch.from_numpy(np.log1p(counted.data)).to(device),
        hidden=(_tensor(hidden[0], device), _tensor(hidden[1], device)),
    )


def _rows_of(matrix: csr_matrix, rows: NDArray[np.int64]) -> csr_matrix:
    """Rows of `matrix`, an empty one for -1."""
    sizes = np.where(rows >= 0, np.diff(matrix.indptr)[rows], 0) if matrix.shape[0] else np.zeros_like(rows)
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    starts = np.where(sizes > 0, matrix.indptr[rows], 0) if matrix.shape[0] else np.zeros_like(rows)
    places = np.arange(indptr[-1]) - np.repeat(indptr[:-1] - starts, sizes)
    return csr_matrix(
        (matrix.data[places], matrix.indices[places], indptr), shape=(len(rows), matrix.shape[1])
    )


def _ones(rows: NDArray[np.integer], columns: NDArray[np.integer], shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)


def _tensor(values: NDArray[np.integer], device: torch.device) -> Tensor:
    return torch.from_numpy(values.astype(np.int64)).to(device)
