"""The message passing operator of all networks here: a weighted sum over the neighbours."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

with warnings.catch_warnings():
    # PyG scripts some functions when it is imported, which newer PyTorch calls deprecated.
    warnings.filterwarnings("ignore", message=".*torch.jit.script.* is deprecated", category=FutureWarning)
    from torch_geometric import EdgeIndex
    from torch_geometric.nn import MessagePassing

with warnings.catch_warnings():
    # PyTorch warns once in a process that CSR tensors are in beta, and that it does not check them: `EdgeIndex`
    # makes them of sorted edges.
    warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
    torch.sparse_csr_tensor([0], [], [], size=(0, 0))


class WeightedSumConv(MessagePassing):  # type: ignore[misc]  # PyG ships no types
    """x'_i = Σ_j w_ij x_j over the edges (i, j): nodes receive from what they point to.

    With w = D^(−½) A D^(−½) this is the propagation of LightGCN (He et al. 2020), with rows of w that sum to 1
    a mean. It has no parameters.
    """

    def __init__(self) -> None:
        super().__init__(aggr="sum", flow="target_to_source")

    def forward(self, x: Tensor, edge_index: EdgeIndex, edge_weight: Tensor) -> Tensor:
        """Messages summed by receiver, [num_receivers, d].

        Args:
            x: Vectors of the senders, [num_senders, d].
            edge_index: Receivers and senders, [2, E], of size [num_receivers, num_senders], sorted by row.
                Caches that are filled save the backward pass a sort.
            edge_weight: [E]; an edge of weight 0 passes no message. Its gradient costs ten times the product.
        """
        # `propagate` would fuse edges that are sorted by column alone, and PyG 2.8 gives their product a
        # gradient of the wrong shape where there are not as many receivers as senders.
        if self.fuse and not edge_weight.requires_grad:
            return self.message_and_aggregate(edge_index, x, edge_weight)
        received: Tensor = self.propagate(edge_index, x=x, edge_weight=edge_weight)
        return received

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        """w_ij x_j of each edge, [E, d]."""
        return edge_weight[:, None] * x_j

    def message_and_aggregate(self, edge_index: EdgeIndex, x: Tensor, edge_weight: Tensor) -> Tensor:
        """The sum as a product of a sparse matrix, in float32 also under autocast."""
        with torch.autocast(x.device.type, enabled=False):
            received: Tensor = edge_index.matmul(x.to(edge_weight.dtype), edge_weight)
        return received
