"""The encoder: heterogeneous linear propagation from the graph's nodes to three vectors an item."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gnn.network.propagation import Adjacency

#: An item plays three roles, so links are not symmetric: what it asks for in a cart, what it answers as a
#: candidate, what it says of a user who bought it before.
ROLES = ("source", "target", "history")

_INITIAL_SCALE = 0.05
_INITIAL_RELATION_WEIGHT = 0.1


class ItemTables(NamedTuple):
    """One vector an item and role, each [num_ranked, d]."""

    source: Tensor
    target: Tensor
    history: Tensor


class HeteroEncoder(nn.Module):
    """Item vectors from item, category and brand nodes, spread along item–item relations.

    With M the memberships of `gnn.data.hetero_data.feature_memberships` and Â_r a normalised relation:

        h⁰ = M · E                        (its own vector + its categories' + its brand's)
        hˡ = Σ_r w_{l,r,role} Â_r hˡ⁻¹     (l = 1 … num_layers)
        h  = Σ_l hˡ

    That is LightGCN (He et al. 2020) over several relations, with relation and layer weights learned a role.
    """

    def __init__(
        self, memberships: Adjacency, relations: Mapping[str, Adjacency], *, dim: int, num_layers: int
    ) -> None:
        super().__init__()
        self.memberships = memberships
        self.relations = dict(relations)
        self._dim = dim
        num_nodes = memberships.forward.shape[1]
        self.embedding = nn.Parameter(_INITIAL_SCALE * torch.randn(num_nodes, len(ROLES) * dim))
        shape = (num_layers, len(self.relations), len(ROLES))
        self.relation_weight = nn.Parameter(torch.full(shape, _INITIAL_RELATION_WEIGHT))

    def forward(self) -> ItemTables:
        """The three tables."""
        layer = self.memberships.propagate(self.embedding)  # [num_ranked, 3 d]
        total = layer
        for weights in self.relation_weight:
            received = [
                relation.propagate(layer) * weight.repeat_interleave(self._dim)
                for relation, weight in zip(self.relations.values(), weights, strict=True)
            ]
            if not received:
                break
            layer = reduce(torch.add, received)
            total = total + layer
        return ItemTables(*torch.split(total, self._dim, dim=1))
