"""Three views of users and bundles on the graph, fused before they are compared."""

from __future__ import annotations

import copy
from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from gnn.data.bundle_choices import BundleChoices
from gnn.data.hetero_data import EdgeIndex, EdgeType, HeteroData, weighted_edges
from gnn.network.conv import WeightedSumConv

VIEWS = ("choices", "purchases", "contents")

CHOSE: EdgeType = ("User", "CHOSE", "Bundle")
PURCHASED: EdgeType = ("User", "PURCHASED", "Item")
CONTAINS: EdgeType = ("Bundle", "CONTAINS", "Item")


class ThreeViews(nn.Module):
    """Unit vectors of users and bundles, so that a product of two is their cosine.

    The views are those of CrossCBR (Ma et al. 2022), ē being a node's own vector averaged with what it
    receives over the relation (`BipartiteLightGCN`):

        choices     user ē over its bundles; bundle ē over its users
        purchases   user ē over its items; bundle: mean of its items' ē over their users
        contents    bundle ē over its items; user: mean of its bundles' ē

    There each view scores for itself; here each is made unit, weighted by a learned scalar, summed, and made
    unit again. A view whose relation is empty is left out.
    """

    def __init__(
        self,
        num_users: int,
        num_bundles: int,
        num_items: int,
        *,
        dim: int,
        generator: torch.Generator,
        num_layers: int = 1,
        views: Collection[str] = VIEWS,
    ) -> None:
        super().__init__()
        self.users, self.bundles, self.items = (
            _table(count, dim, generator) for count in (num_users, num_bundles, num_items)
        )
        self.log_weights = nn.ParameterDict({view: nn.Parameter(torch.zeros(())) for view in views})
        self.propagate = BipartiteLightGCN(num_layers)
        self.mean = WeightedSumConv()

    def forward(self, graph: HeteroData) -> tuple[Tensor, Tensor]:
        """Vectors of all users [num_users, d] and bundles [num_bundles, d], from a `view_graph`."""
        users, bundles = torch.zeros_like(self.users), torch.zeros_like(self.bundles)
        for name, log_weight in self.log_weights.items():
            view = self._view(name, graph)
            if view is not None:
                users = users + log_weight.exp() * F.normalize(view[0])
                bundles = bundles + log_weight.exp() * F.normalize(view[1])
        return F.normalize(users), F.normalize(bundles)

    def visitor_items(self, graph: HeteroData) -> Tensor:
        """What each item adds to the vector of a visitor who has it, [num_items, d].

        In the view of purchases a user receives Σ_i e_i / √(n_u n_i): in direction, Σ_i e_i / √n_i.
        """
        received = [edge_type for edge_type in (PURCHASED, CONTAINS) if edge_type in graph.edge_types]
        if not received:
            return self.items[:, :0]
        num_receiving = graph[reverse(received[0])].edge_index.get_indptr().diff().clamp(min=1)
        return self.items / num_receiving.sqrt().unsqueeze(1)

    def _view(self, name: str, graph: HeteroData) -> tuple[Tensor, Tensor] | None:
        if name == "choices":
            return self.propagate(self.users, self.bundles, graph, CHOSE)
        if name == "contents" and CONTAINS in graph.edge_types:
            bundles, _ = self.propagate(self.bundles, self.items, graph, CONTAINS)
            return self._mean(bundles, graph, CHOSE), bundles
        if name == "purchases" and PURCHASED in graph.edge_types:
            users, items = self.propagate(self.users, self.items, graph, PURCHASED)
            return users, self._mean(items, graph, CONTAINS)
        return None

    def _mean(self, x: Tensor, graph: HeteroData, edge_type: EdgeType) -> Tensor:
        mean: Tensor = self.mean(x, graph[edge_type].edge_index, graph[edge_type].mean_weight)
        return mean


class BipartiteLightGCN(nn.Module):
    """ē of both ends of a relation A: the mean of e⁰ and unit(e¹) … unit(e^L).

    e_left^l = A e_right^(l−1) and e_right^l = Aᵀ e_left^(l−1), A normalised as in LightGCN (He et al. 2020).
    """

    def __init__(self, num_layers: int) -> None:
        super().__init__()
        self.conv = WeightedSumConv()
        self._num_layers = num_layers

    def forward(
        self, left: Tensor, right: Tensor, graph: HeteroData, edge_type: EdgeType
    ) -> tuple[Tensor, Tensor]:
        """`left` [n, d] and `right` [m, d] are e⁰ of the source and of the target of `edge_type`."""
        there, back = graph[edge_type], graph[reverse(edge_type)]
        left_sum, right_sum = left, right
        for _ in range(self._num_layers):
            left, right = (
                self.conv(right, there.edge_index, there.edge_weight),
                self.conv(left, back.edge_index, back.edge_weight),
            )
            left_sum, right_sum = left_sum + F.normalize(left), right_sum + F.normalize(right)
        return left_sum / (self._num_layers + 1), right_sum / (self._num_layers + 1)


def view_graph(choices: BundleChoices, *, device: torch.device) -> HeteroData:
    """The graph of `choices`, without the relations that are empty.

    Each relation has an edge type and its reverse (`reverse`), both with `edge_index`, an `EdgeIndex` with
    filled caches, and `edge_weight`, D^(−½) A D^(−½); the first also has `mean_weight`: D⁻¹ A. Purchases are
    left out as well where bundles have no known contents.
    """
    relations = {CHOSE: choices.chosen}
    if choices.contains.nnz:
        relations |= {PURCHASED: choices.bought, CONTAINS: choices.contains}
    graph = HeteroData()
    for edge_type, matrix in relations.items():
        if matrix.nnz or edge_type == CHOSE:
            there, back = (weighted_edges(one_way)[0] for one_way in (matrix, matrix.T.tocsr()))
            graph[edge_type].edge_index = there.fill_cache_()
            graph[reverse(edge_type)].edge_index = back.fill_cache_()
            # The edges of `there` in the order of `back`: both are sorted, by rows and then by columns.
            graph[reverse(edge_type)].order = torch.from_numpy(np.lexsort(there.numpy()))
            _set_weights(graph, edge_type, *_weights(there, torch.ones(there.shape[1])))
    return graph.to(device)


def reverse(edge_type: EdgeType) -> EdgeType:
    """The edge type of the same edges in the other direction, named as PyG's `ToUndirected` does."""
    source, relation, target = edge_type
    return target, f"rev_{relation}", source


def hide_edges(
    graph: HeteroData, is_hidden: NDArray[np.bool_], *, drop_share: float, rng: np.random.Generator
) -> HeteroData:
    """`graph` with weight 0 for hidden choices, and for a `drop_share` of the other edges of each relation.

    `is_hidden` follows the edges of `CHOSE`. The other choices are normalised anew, as if the hidden ones did
    not exist. Edges that are not dropped are scaled up by 1 / (1 − share), so that the expected sums stay. No
    edge is removed, because removing one would empty the caches of the others.
    """

    def drop(weights: Tensor) -> Tensor:
        if not drop_share:
            return weights
        is_visible = weights.cpu().numpy() > 0
        factor = np.zeros(len(weights), dtype=np.float32)
        factor[is_visible] = (rng.random(is_visible.sum()) >= drop_share) / (1 - drop_share)
        return weights * torch.from_numpy(factor).to(weights.device)

    is_kept = torch.from_numpy(~is_hidden).to(graph[CHOSE].edge_weight)
    chosen = [drop(weights) for weights in _weights(graph[CHOSE].edge_index, is_kept)]
    hidden = copy.copy(graph)
    _set_weights(hidden, CHOSE, *chosen)
    for edge_type in (PURCHASED, CONTAINS):
        if edge_type in graph.edge_types:
            edge_weight, mean_weight = graph[edge_type].edge_weight, graph[edge_type].mean_weight
            _set_weights(hidden, edge_type, drop(edge_weight), mean_weight)
    return hidden


def _weights(edge_index: EdgeIndex, is_kept: Tensor) -> tuple[Tensor, Tensor]:
    """Entries of D^(−½) A D^(−½) and of D⁻¹ A where A holds the edges with `is_kept` = 1, others 0."""
    rows, columns = edge_index.as_tensor()
    by_row, by_column = (torch.bincount(ends, is_kept)[ends].clamp(min=1) for ends in (rows, columns))
    return (is_kept * (by_row * by_column).rsqrt()).float(), (is_kept / by_row).float()


def _set_weights(graph: HeteroData, edge_type: EdgeType, edge_weight: Tensor, mean_weight: Tensor) -> None:
    graph[edge_type].edge_weight = edge_weight
    graph[edge_type].mean_weight = mean_weight
    graph[reverse(edge_type)].edge_weight = edge_weight[graph[reverse(edge_type)].order]


def _table(count: int, dim: int, generator: torch.Generator) -> nn.Parameter:
    return nn.Parameter(nn.init.xavier_normal_(torch.empty(count, dim), generator=generator))
