"""The heads: scores of items for baskets, vectors of ordered histories, from the encoder's tables."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gnn.config import SequenceConfig
from gnn.network.basket_batches import Batch
from gnn.network.encoder import HeteroEncoder, ItemTables
from gnn.network.losses import Candidates
from gnn.network.sequence_batches import SequenceBatch

#: What the loudness of an event begins with at least, as a logarithm, and how fast each head forgets.
_QUIETEST, _FORGETTING = -6.0, 0.3


class BasketHead(nn.Module):
    """Links cart→item (asymmetric) and user→item as one score, by the formula of `gnn.scoring.item_scorer`.

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


class SequenceHead(nn.Module):
    """Links an ordered history→item, by the formula of `gnn.scoring.sequences`.

    Without order every event is as loud at any step and age, and none is the latest.
    """

    def __init__(self, bias: Tensor, *, dim: int, config: SequenceConfig) -> None:
        """`bias` is where the item biases begin, [num_ranked]; `dim` is a multiple of the number of heads."""
        super().__init__()
        num_heads, num_steps = config.num_heads, config.max_steps
        self.bias = nn.Parameter(bias.clone())
        self.is_ordered = config.is_ordered
        # The heads begin with memories of different length: a step costs e^-1, e^-.3, e^-.09, …
        decay = _FORGETTING ** torch.arange(num_heads)[:, None]
        steps = (-decay * torch.arange(num_steps)).clamp(min=_QUIETEST)
        self.by_step = nn.Parameter(steps * self.is_ordered, requires_grad=self.is_ordered)
        self.by_age = nn.Parameter(torch.zeros(num_heads), requires_grad=self.is_ordered)
        self.by_vector = nn.Parameter(torch.zeros(dim, num_heads))
        self.power = nn.Parameter(torch.full((num_heads,), 0.5))
        self.dropout = nn.Dropout(config.dropout)
        self.event_dropout = config.event_dropout

    def forward(self, tables: ItemTables, batch: SequenceBatch) -> Tensor:
        """The vector of each place that asks, [num_asked, d]."""
        num_rows, length = batch.items.shape
        loudness = self._loudness(tables, batch)  # [B, H, L (asks), L (says)]
        said = tables.history[batch.items].view(num_rows, length, len(self.power), -1)  # [B, L, H, d / H]
        heard = torch.einsum("bhts,bshe->bthe", loudness, said)
        total = loudness.sum(dim=3).transpose(1, 2).clamp(min=1e-6)  # [B, L, H]
        vectors = (heard / (total**self.power)[..., None]).flatten(2).flatten(0, 1)[batch.asked]
        if self.is_ordered:
            vectors = vectors + tables.source[batch.items.flatten()[batch.asked]]
        dropped: Tensor = self.dropout(vectors)
        return dropped

    def item_loudness(self, tables: ItemTables) -> Tensor:
        """How loud each item is in each head, as a logarithm, [num_ranked, H]."""
        return (tables.history @ self.by_vector).clamp(-4, 4)

    def _loudness(self, tables: ItemTables, batch: SequenceBatch) -> Tensor:
        length = batch.items.shape[1]
        place = torch.arange(length, device=batch.items.device)
        steps_back = place[:, None] - place  # [asks, says]
        is_said = (steps_back >= 0) & batch.is_event[:, None, None, :]
        if self.training and self.event_dropout:
            is_said = is_said & (torch.rand_like(batch.age_days[:, :1, :]) >= self.event_dropout)[:, None]
        logits = (
            self.by_step[:, steps_back.clamp(0, self.by_step.shape[1] - 1)]
            + self.by_age[:, None, None] * batch.age_days.log1p()[:, None]
            + self.item_loudness(tables)[batch.items].transpose(1, 2)[:, :, None]
        )
        return logits.exp() * is_said


class LinkModel(nn.Module):
    """Encoder and head together."""

    def __init__(self, encoder: HeteroEncoder, head: BasketHead | SequenceHead) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, batch: Batch | SequenceBatch) -> Tensor:
        """What the head says: scores [B, num_ranked] of baskets, vectors [num_asked, d] of histories."""
        answer: Tensor = self.head(self.encoder(), batch)
        return answer
