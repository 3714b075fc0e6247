"""Learning from baskets: hide some items of each, and find them from the rest and from the user's history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnn.config import TrainingConfig
from gnn.data.purchases import Purchases
from gnn.data.queries import CompletionQueries
from gnn.network.basket_batches import hide_items, query_batch
from gnn.network.encoder import ItemTables
from gnn.network.heads import BasketHead
from gnn.network.losses import draw_candidates, softmax_loss
from gnn.network.training_run import LearnedLinks


@dataclass(frozen=True)
class BasketTask:
    """The training task of shops whose baskets hold several items (`gnn.network.training_run.Task`)."""

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
        if self.purchases.lines.shape[1] <= self.config.full_softmax_items:
            return softmax_loss(self.head(tables, batch), batch.hidden, excluded=batch.cart_places)
        # Half a pseudo-count keeps items that are in no basket drawable.
        popularity = torch.from_numpy(self.purchases.item_baskets + 0.5).to(self.device)
        candidates = draw_candidates(
            batch.hidden[1], popularity, num_negatives=self.config.num_negatives, generator=generator
        )
        scores = self.head(tables, batch, candidates) - candidates.log_expected
        hidden, excluded = (candidates.places(*places)[:2] for places in (batch.hidden, batch.cart_places))
        return softmax_loss(scores, hidden, excluded=excluded)

    def scores(self, tables: ItemTables, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores of all items, [len(queries), num_ranked]."""
        batch = query_batch(self.purchases, queries, device=self.device)
        scores: NDArray[np.float32] = self.head(tables, batch).cpu().numpy()
        return scores

    def links(self, tables: ItemTables) -> LearnedLinks:
        """What was learned, the scales of the head folded into the tables."""
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
