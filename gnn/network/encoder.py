"""The encoder: message passing from the graph's nodes to three vectors an item."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gnn.data.hetero_data import IN_CATEGORY, MADE_BY, EdgeType, HeteroData
from gnn.network.conv import WeightedSumConv
from gnn.scoring.containers import Csr, TextColumn
from gnn.scoring.explanation import Encoder

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


_Columns = Sequence[NDArray[np.generic]]


def pack_encoder(
    encoder: HeteroEncoder, graph: HeteroData, *, role_scale: tuple[float, float, float]
) -> Encoder:
    """The embeddings and edges of `encoder`; the head multiplies its tables by `role_scale`, by role."""
    scale = np.array(role_scale, dtype=np.float32)[:, None]
    embedding = np.concatenate([_array(vectors) for vectors in encoder.embedding.values()])
    num_items, num_categories = graph["Item"].num_nodes, graph["Category"].num_nodes
    item = np.arange(num_items)
    category, brand = (graph[edge_type].edge_index.numpy() for edge_type in (IN_CATEGORY, MADE_BY))
    member_indptr, member = _by_item(
        [item, category[0], brand[0]],
        [item, num_items + category[1], num_items + num_categories + brand[1]],
        num_items=num_items,
    )
    edges = [graph[edge_type].edge_index.numpy() for edge_type in encoder.relations]
    shares = [_array(graph[edge_type].edge_weight) for edge_type in encoder.relations]
    indptr, neighbour, relation, share = _by_item(
        [edge[0] for edge in edges],
        [edge[1] for edge in edges],
        [np.full(len(share), code) for code, share in enumerate(shares)],
        shares,
        num_items=num_items,
    )
    return Encoder(
        embedding=embedding.reshape(len(embedding), len(scale), -1) * scale,
        member_indptr=member_indptr.astype(np.int64),
        member=member.astype(np.int32),
        relations=TextColumn.of([name for _, name, _ in encoder.relations]),
        relation_weight=_array(encoder.relation_weight),
        neighbours=Csr(indptr.astype(np.int64), neighbour.astype(np.int32), share.astype(np.float32)),
        neighbour_relation=relation.astype(np.uint8),
    )


def _by_item(items: _Columns, *columns: _Columns, num_items: int) -> tuple[NDArray[np.generic], ...]:
    """Row pointers of items, and the other columns in their order; each column comes in parts."""
    first, *others = (np.concatenate([np.zeros(0, dtype=np.uint8), *parts]) for parts in (items, *columns))
    order = np.argsort(first, kind="stable")
    return np.searchsorted(first[order], np.arange(num_items + 1)), *(column[order] for column in others)


def _array(values: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.detach().cpu().numpy()
    return array
