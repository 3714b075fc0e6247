"""The heads: scores of items for baskets, vectors of ordered histories, from the encoder's tables."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gnn.config import SequenceConfig
from gnn.data.hetero_data import EdgeIndex, HeteroData
from gnn.network.conv import WeightedSumConv
from gnn.network.encoder import HeteroEncoder, ItemTables
from gnn.network.losses import Candidates

#: The smallest log weight that a step back begins with, and the factor by which each further head forgets slower.
_MIN_LOG_WEIGHT, _DECAY = -6.0, 0.3


@dataclass(frozen=True)
class BasketBatch:
    """Queries of the `BasketHead` as bipartite edges from queries (rows) to ranked items (columns)."""

    cart_index: EdgeIndex
    """Items of each cart, [2, num_in_carts]."""
    cart_weight: Tensor
    """1 / √|C|, [num_in_carts]."""
    history_index: EdgeIndex
    """Items that each query's user bought, [2, num_bought]."""
    history_weight: Tensor
    """c(u, i) / √Σ_j c(u, j), [num_bought]."""
    log_counts: Tensor
    """log(1 + c(u, i)), [num_bought]."""
    users: Tensor
    """User index, num_users for an anonymous one, [B]."""
    edge_label_index: Tensor
    """Items to be found, one or more a query, [2, num_hidden]."""


@dataclass(frozen=True)
class SequenceBatch:
    """Histories side by side, L events of each, for the `SequenceHead`; shorter ones are padded at the end."""

    items: Tensor
    """Ranked index, 0 for padding, [B, L]."""
    is_event: Tensor
    """False for padding, [B, L]."""
    age_days: Tensor
    """Days from the event at place s to the purchase that follows place t, [B, L (t), L (s)]."""
    places: Tensor
    """Places that are followed by a purchase, b · L + t, [num_targets]."""
    targets: Tensor
    """The item of that purchase, ranked index, [num_targets]."""


class BasketHead(nn.Module):
    """Links cart→item (asymmetric) and user→item as one score, by the formula of `gnn.scoring.item_scorer`.

    score(i) = q · target_i + bias_i + w₁ log(1 + c(u, i)) + w₂ [c(u, i) > 0],
    q = s₁ Σ_{j ∈ C} source_j / √|C| + s₂ Σ_j c(u, j) history_j / √Σ_j c(u, j) + user_u.
    """

    def __init__(self, bias: Tensor, *, num_users: int, dim: int, dropout: float) -> None:
        """`bias` is the initial value of the item biases: log popularity, [num_ranked]."""
        super().__init__()
        self.bias = nn.Parameter(bias.clone())
        # The last row is that of all who are unknown: it stays zero.
        self.users = nn.Embedding(num_users + 1, dim, padding_idx=num_users)
        nn.init.zeros_(self.users.weight)
        self.scale = nn.Parameter(torch.ones(2))
        self.count_weight = nn.Parameter(torch.ones(2))
        self.dropout = nn.Dropout(dropout)
        self.conv = WeightedSumConv()

    def forward(self, tables: ItemTables, batch: BasketBatch, candidates: Candidates | None = None) -> Tensor:
        """Scores of all items, [B, num_ranked], or of the `candidates`, [B, num_candidates]."""
        query = (
            self.scale[0] * self.conv(tables.source, batch.cart_index, batch.cart_weight)
            + self.scale[1] * self.conv(tables.history, batch.history_index, batch.history_weight)
            + self.users(batch.users)
        )  # [B, d]
        target, bias, log_counts = tables.target, torch.as_tensor(self.bias), batch.log_counts
        counted = batch.history_index.as_tensor()
        if candidates is not None:
            target, bias = target[candidates.items], bias[candidates.items]
            counted, is_candidate = candidates.find(counted)
            log_counts = log_counts[is_candidate]
        scores = torch.addmm(bias, self.dropout(query), target.T)  # [B, num_candidates]
        by_count = self.count_weight[0] * log_counts + self.count_weight[1]
        # In place: each copy of the scores costs as much as a tenth of the step.
        return scores.float().index_put_(tuple(counted), by_count, accumulate=True)


class SequenceHead(nn.Module):
    """Links an ordered history→item, by the formula of `gnn.scoring.sequences`.

    Without order the attention weight of an event depends on its item alone, and no event is the latest.
    """

    def __init__(self, bias: Tensor, *, dim: int, config: SequenceConfig) -> None:
        """`bias` is the initial value of the item biases, [num_ranked]; `dim` a multiple of the heads."""
        super().__init__()
        num_heads, num_steps = config.num_heads, config.max_steps
        self.bias = nn.Parameter(bias.clone())
        self.is_ordered = config.is_ordered
        # The heads begin with memories of different length: a step costs e^-1, e^-.3, e^-.09, …
        decay = _DECAY ** torch.arange(num_heads)[:, None]
        steps = (-decay * torch.arange(num_steps)).clamp(min=_MIN_LOG_WEIGHT)
        self.by_step = nn.Parameter(steps * self.is_ordered, requires_grad=self.is_ordered)
        self.by_age = nn.Parameter(torch.zeros(num_heads), requires_grad=self.is_ordered)
        self.by_vector = nn.Parameter(torch.zeros(dim, num_heads))
        self.power = nn.Parameter(torch.full((num_heads,), 0.5))
        self.dropout = nn.Dropout(config.dropout)
        self.event_dropout = config.event_dropout

    def forward(self, tables: ItemTables, batch: SequenceBatch) -> Tensor:
        """The vector of the history up to each of `batch.places`, [num_targets, d]."""
        num_rows, length = batch.items.shape
        weights = self._attention_weights(tables, batch)  # [B, H, L (t), L (s)]
        events = tables.history[batch.items].view(num_rows, length, len(self.power), -1)  # [B, L, H, d / H]
        sums = torch.einsum("bhts,bshe->bthe", weights, events)
        total = weights.sum(dim=3).transpose(1, 2).clamp(min=1e-6)  # [B, L, H]
        vectors = (sums / (total**self.power)[..., None]).flatten(2).flatten(0, 1)[batch.places]
        if self.is_ordered:
            vectors = vectors + tables.source[batch.items.flatten()[batch.places]]
        dropped: Tensor = self.dropout(vectors)
        return dropped

    def item_log_weight(self, tables: ItemTables) -> Tensor:
        """The share of each item in the log attention weight of its events, [num_ranked, H]."""
        return (tables.history @ self.by_vector).clamp(-4, 4)

    def _attention_weights(self, tables: ItemTables, batch: SequenceBatch) -> Tensor:
        """What the event at place s weighs at place t; 0 for later events, padding and dropped events."""
        length = batch.items.shape[1]
        place = torch.arange(length, device=batch.items.device)
        steps_back = place[:, None] - place  # [L (t), L (s)]
        is_kept = (steps_back >= 0) & batch.is_event[:, None, None, :]
        if self.training and self.event_dropout:
            is_kept = is_kept & (torch.rand_like(batch.age_days[:, :1, :]) >= self.event_dropout)[:, None]
        logits = (
            self.by_step[:, steps_back.clamp(0, self.by_step.shape[1] - 1)]
            + self.by_age[:, None, None] * batch.age_days.log1p()[:, None]
            + self.item_log_weight(tables)[batch.items].transpose(1, 2)[:, :, None]
        )
        return logits.exp() * is_kept


class LinkModel(nn.Module):
    """Encoder and head together."""

    def __init__(self, encoder: HeteroEncoder, head: BasketHead | SequenceHead) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, graph: HeteroData, batch: BasketBatch | SequenceBatch) -> Tensor:
        """The output of the head: scores [B, num_ranked] of baskets, vectors [num_targets, d] of histories."""
        output: Tensor = self.head(self.encoder(graph), batch)
        return output
