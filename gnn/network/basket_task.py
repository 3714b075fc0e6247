"""Learning from baskets: hide some items of each, and find them from the rest and from the user's history."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array
from torch import Tensor

from gnn.config import TrainingConfig
from gnn.data.hetero_data import weighted_edges
from gnn.data.purchases import Purchases
from gnn.data.queries import CompletionQueries
from gnn.data.sparse import normalise_rows
from gnn.network.encoder import ItemTables
from gnn.network.heads import BasketBatch, BasketHead
from gnn.network.losses import draw_candidates, softmax_loss
from gnn.network.task import LearnedLinks


@dataclass(frozen=True)
class BasketTask:
    """The training task of shops whose baskets hold several items (`gnn.network.task.TrainingTask`)."""

    head: BasketHead
    purchases: Purchases
    config: TrainingConfig
    device: torch.device

    def steps(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        """The baskets of each step of an epoch: all that have a ranked item."""
        baskets = rng.permutation(np.flatnonzero(np.diff(self.purchases.lines.indptr)))
        size = self.config.batch_size
        return [baskets[start : start + size] for start in range(0, len(baskets), size)]

    def loss(
        self,
        tables: ItemTables,
        rows: NDArray[np.int64],
        *,
        rng: np.random.Generator,
        generator: torch.Generator,
    ) -> Tensor:
        """Softmax over the catalogue, or a sample of a large one, for items hidden in the baskets `rows`."""
        batch = hide_items(
            self.purchases, rows, hidden_share=self.config.hidden_share, rng=rng, device=self.device
        )
        cart = batch.cart_index.as_tensor()
        if self.purchases.lines.shape[1] <= self.config.full_softmax_items:
            return softmax_loss(self.head(tables, batch), batch.edge_label_index, excluded=cart)
        candidates = draw_candidates(
            batch.edge_label_index[1],
            self._popularity,
            num_negatives=self.config.num_negatives,
            generator=generator,
        )
        scores = self.head(tables, batch, candidates) - candidates.log_expected
        hidden, excluded = (candidates.find(places)[0] for places in (batch.edge_label_index, cart))
        return softmax_loss(scores, hidden, excluded=excluded)

    @cached_property
    def _popularity(self) -> Tensor:
        # Half a pseudo-count keeps items that are in no basket drawable.
        return torch.from_numpy(self.purchases.item_baskets + 0.5).to(self.device)

    def scores(self, tables: ItemTables, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores of all items, [len(queries), num_ranked]."""
        batch = query_batch(self.purchases, queries, device=self.device)
        scores: NDArray[np.float32] = self.head(tables, batch).cpu().numpy()
        return scores

    def links(self, tables: ItemTables) -> LearnedLinks:
        """The tables, times the scales of the head, and its parameters."""
        by_log, by_known = self.head.count_weight.tolist()
        return LearnedLinks(
            source=(self.head.scale[0] * tables.source).cpu().numpy(),
            target=tables.target.contiguous().cpu().numpy(),
            history=(self.head.scale[1] * tables.history).cpu().numpy(),
            bias=self.head.bias.cpu().numpy(),
            users=self.head.users.weight[:-1].cpu().numpy(),
            count_weights=(by_log, by_known),
            role_scale=(float(self.head.scale[0]), 1.0, float(self.head.scale[1])),
        )


def hide_items(
    purchases: Purchases,
    baskets: NDArray[np.int64],
    *,
    hidden_share: float,
    rng: np.random.Generator,
    device: torch.device,
) -> BasketBatch:
    """A batch of `baskets` (row numbers) with `hidden_share` of each hidden, at least one item.

    The basket itself is taken out of the user's history, which would otherwise give the hidden items away. A
    basket of one item becomes a query with an empty cart: it trains the links from users to items.
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
    hidden = np.stack([rows[is_hidden], lines.indices[is_hidden]])
    return _batch(cart, counts, _embedding_rows(purchases, users), hidden, device=device)


def query_batch(purchases: Purchases, queries: CompletionQueries, *, device: torch.device) -> BasketBatch:
    """A batch of evaluation queries; histories are all of `purchases`."""
    hidden = np.stack([np.arange(len(queries)), queries.hidden])
    counts = _rows_of(purchases.counts, queries.users)
    return _batch(queries.carts, counts, _embedding_rows(purchases, queries.users), hidden, device=device)


def _embedding_rows(purchases: Purchases, users: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the head's user embedding: the last is that of all unknown users."""
    return np.where(users >= 0, users, purchases.counts.shape[0])


def _batch(
    cart: csr_matrix,
    counts: csr_matrix,
    users: NDArray[np.int64],
    hidden: NDArray[np.integer],
    *,
    device: torch.device,
) -> BasketBatch:
    counts.sum_duplicates()  # sorts: `log_counts` follow the edges
    cart_index, cart_weight = weighted_edges(normalise_rows(cart, power=0.5), device=device)
    history_index, history_weight = weighted_edges(normalise_rows(counts, power=0.5), device=device)
    return BasketBatch(
        cart_index=cart_index,
        cart_weight=cart_weight,
        history_index=history_index,
        history_weight=history_weight,
        log_counts=torch.from_numpy(np.log1p(counts.data)).to(device),
        users=torch.from_numpy(users).to(device),
        edge_label_index=torch.from_numpy(hidden.astype(np.int64)).to(device),
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
