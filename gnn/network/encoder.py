"""The encoder: message passing from the graph's nodes to three vectors an item."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gnn.data.hetero_data import IN_CATEGORY, MADE_BY, EdgeType, HeteroData
from gnn.network.conv import WeightedSumConv

#: An item plays three roles, so links are not symmetric: in the cart, as the candidate, and in the history of
#: a user who bought it before.
ROLES = ("source", "target", "history")

_INITIAL_SCALE = 0.05
_INITIAL_RELATION_WEIGHT = 0.1


class ItemTables(NamedTuple):
    """One vector an item and role, each [num_ranked, d]."""

    source: Tensor
    target: Tensor
    history: Tensor


class HeteroEncoder(nn.Module):
    """Item vectors from the embeddings of items, categories and brands, passed on along item–item relations.

    With Â_r the weights of a relation's edges, and all vectors 3 d long, d for each role:

        h⁰_i = e_i + Σ e_c over the item's category and all above it + e_b of its brand
        hˡ = Σ_r w_{l,r,role} Â_r hˡ⁻¹     (l = 1 … num_layers)
        h  = Σ_l hˡ

    That is LightGCN (He et al. 2020) over several relations, with a weight learned for each layer, relation
    and role.
    """

    def __init__(self, graph: HeteroData, *, dim: int, num_layers: int) -> None:
        """`graph` as `gnn.data.hetero_data.message_graph` makes it: its numbers of nodes, and its relations."""
        super().__init__()
        self.relations: list[EdgeType] = [
            edge_type for edge_type in graph.edge_types if edge_type[0] == edge_type[2] == "Item"
        ]
        self._dim = dim
        num_nodes = [graph[node_type].num_nodes for node_type in graph.node_types]
        initial = _INITIAL_SCALE * torch.randn(sum(num_nodes), len(ROLES) * dim)
        self.embedding = nn.ParameterDict(
            {
                node_type: nn.Parameter(vectors.clone())
                for node_type, vectors in zip(graph.node_types, initial.split(num_nodes), strict=True)
            }
        )
        shape = (num_layers, len(self.relations), len(ROLES))
        self.relation_weight = nn.Parameter(torch.full(shape, _INITIAL_RELATION_WEIGHT))
        self.conv = WeightedSumConv()

    def forward(self, graph: HeteroData) -> ItemTables:
        """The three tables, from the edges of a `message_graph`."""
        x_dict = self.embedding
        layer = x_dict["Item"]  # [num_ranked, 3 d]
        for edge_type in (IN_CATEGORY, MADE_BY):
            layer = layer + self._receive(x_dict[edge_type[2]], graph, edge_type)
        total = layer
        for weights in self.relation_weight if self.relations else ():
            received = [
                self._receive(layer, graph, edge_type) * weight.repeat_interleave(self._dim)
                for edge_type, weight in zip(self.relations, weights, strict=True)
            ]
            layer = reduce(torch.add, received)
            total = total + layer
        return ItemTables(*torch.split(total, self._dim, dim=1))

    def _receive(self, x: Tensor, graph: HeteroData, edge_type: EdgeType) -> Tensor:
        received: Tensor = self.conv(x, graph[edge_type].edge_index, graph[edge_type].edge_weight)
        return received
