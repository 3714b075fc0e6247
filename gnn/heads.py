"""The head: scores of items for baskets and users, from the encoder's tables."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gnn.batches import Batch
from gnn.encoder import HeteroEncoder, ItemTables
from gnn.losses import Candidates


class BasketHead(nn.Module):
    """Links cart→item (asymmetric) and user→item as one score, by the formula of `gnn.scorer`.

    score(i) = q · target_i + bias_i + w₁ log(1 + c(u, i)) + w₂ [c(u, i) > 0],
    q = s₁ Σ_{j ∈ C} source_j / √|C| + s₂ Σ_j c(u, j) history_j / √Σ_j c(u, j) + user_u.
    """

    def __init__(self, bias: Tensor, *, num_users: int, dim: int, dropout: float) -> None:
        """`bias` is where the item biases begin: log popularity, [num_ranked]."""
        super().__init__()
        self.bias = nn.Parameter(bias.clone())
        # The last row is that of all who are unknown: it stays zero.
        self.users = nn.Embedding(num_users + 1, dim, padding_idx=num_users)
        nn.init.zeros_(self.users.weight)
        self.scale = nn.Parameter(torch.ones(2))
        self.count_weight = nn.Parameter(torch.ones(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, tables: ItemTables, batch: Batch, candidates: Candidates | None = None) -> Tensor:
        """Scores of all items, [B, num_ranked], or of the `candidates`, [B, num_candidates]."""
        query = (
            self.scale[0] * batch.cart.propagate(tables.source)
            + self.scale[1] * batch.history.propagate(tables.history)
            + self.users(batch.users)
        )  # [B, d]
        target, bias, log_counts = tables.target, torch.as_tensor(self.bias), batch.log_counts
        rows, columns = batch.count_places
        if candidates is not None:
            target, bias = target[candidates.items], bias[candidates.items]
            rows, columns, is_candidate = candidates.places(rows, columns)
            log_counts = log_counts[is_candidate]
        scores = torch.addmm(bias, self.dropout(query), target.T)  # [B, num_candidates]
        by_count = self.count_weight[0] * log_counts + self.count_weight[1]
        # In place: each copy of the scores costs as much as a tenth of the step.
        return scores.float().index_put_((rows, columns), by_count, accumulate=True)


class LinkModel(nn.Module):
    """Encoder and head together."""

    def __init__(self, encoder: HeteroEncoder, head: BasketHead) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, batch: Batch) -> Tensor:
        """Scores of all items for each query of `batch`, [B, num_ranked]."""
        scores: Tensor = self.head(self.encoder(), batch)
        return scores
