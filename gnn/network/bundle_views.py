"""Three views of users and bundles on the graph, fused before they are compared."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gnn.network.bundle_graph import ViewGraph
from gnn.network.propagation import Adjacency

VIEWS = ("choices", "purchases", "contents")


class ThreeViews(nn.Module):
    """Unit vectors of users and bundles, so that a product of two is their cosine.

    The views are those of CrossCBR (Ma et al. 2022), ē being a node's own vector averaged with what it
    receives over the relation (`propagate_both`):

        choices     user ē over its bundles; bundle ē over its users
        purchases   user ē over its items; bundle: mean of its items' ē over their users
        contents    bundle ē over its items; user: mean of its bundles' ē

    There each view scores for itself; here each is made unit, weighted by a learned scalar, summed, and made
    unit again. A view whose relation is empty is left out. Losses and scores are the caller's.
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
        self._num_layers = num_layers

    def forward(self, graph: ViewGraph) -> tuple[Tensor, Tensor]:
        """Vectors of all users [num_users, d] and bundles [num_bundles, d]."""
        users, bundles = torch.zeros_like(self.users), torch.zeros_like(self.bundles)
        for name, log_weight in self.log_weights.items():
            view = self._view(name, graph)
            if view is not None:
                users = users + log_weight.exp() * F.normalize(view[0])
                bundles = bundles + log_weight.exp() * F.normalize(view[1])
        return F.normalize(users), F.normalize(bundles)

    def visitor_items(self, graph: ViewGraph) -> Tensor:
        """What each item adds to the vector of a visitor who has it, [num_items, d].

        In the view of purchases a user receives Σ_i e_i / √(n_u n_i): in direction, Σ_i e_i / √n_i.
        """
        received = graph.bought or graph.contains
        if received is None:
            return self.items[:, :0]
        num_receiving = received.backward.crow_indices().diff().clamp(min=1)
        return self.items / num_receiving.sqrt().unsqueeze(1)

    def _view(self, name: str, graph: ViewGraph) -> tuple[Tensor, Tensor] | None:
        if name == "choices":
            return propagate_both(self.users, self.bundles, graph.chosen, num_layers=self._num_layers)
        if graph.contains is None or graph.mean_contained is None:
            return None
        if name == "contents":
            bundles, _ = propagate_both(self.bundles, self.items, graph.contains, num_layers=self._num_layers)
            return graph.mean_chosen.propagate(bundles), bundles
        if graph.bought is None:
            return None
        users, items = propagate_both(self.users, self.items, graph.bought, num_layers=self._num_layers)
        return users, graph.mean_contained.propagate(items)


def propagate_both(
    left: Tensor, right: Tensor, relation: Adjacency, *, num_layers: int
) -> tuple[Tensor, Tensor]:
    """ē of both sides of a bipartite relation A: the mean of e⁰ and unit(e¹) … unit(e^L).

    e_left^l = A e_right^(l−1) and e_right^l = Aᵀ e_left^(l−1); `left` [n, d] and `right` [m, d] are e⁰.
    """
    back = Adjacency(relation.backward, relation.forward)
    left_sum, right_sum = left, right
    for _ in range(num_layers):
        left, right = relation.propagate(right), back.propagate(left)
        left_sum, right_sum = left_sum + F.normalize(left), right_sum + F.normalize(right)
    return left_sum / (num_layers + 1), right_sum / (num_layers + 1)


def _table(count: int, dim: int, generator: torch.Generator) -> nn.Parameter:
    return nn.Parameter(nn.init.xavier_normal_(torch.empty(count, dim), generator=generator))
