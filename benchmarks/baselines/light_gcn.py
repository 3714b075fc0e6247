"""LightGCN (He et al. 2020) by PyTorch Geometric: propagation over one bipartite graph, BPR loss."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from benchmarks.baselines.factors import Factors, no_factors

with warnings.catch_warnings():
    # PyG scripts some functions when it is imported, which newer PyTorch calls deprecated.
    warnings.filterwarnings("ignore", message=".*torch.jit.script.* is deprecated", category=FutureWarning)
    from torch_geometric.nn.models import LightGCN

logger = logging.getLogger(__name__)

#: Interactions in one step, the others wait for the next: a step stays below 2 s on 2 cores.
MAX_POSITIVES = 100_000

_EPOCHS_A_CHECK = 20
_PATIENCE = 2


def fit_light_gcn(
    interactions: csr_matrix,
    *,
    seed: int,
    validate: Callable[[Factors], float] | None = None,
    embedding_dim: int = 64,
    num_layers: int = 2,
    learning_rate: float = 0.01,
    ridge: float = 1e-4,
    max_epochs: int = 200,
) -> Factors:
    """Factors of the rows and columns of `interactions` (values do not count) after propagation.

    An epoch is one step over the interactions, at most `MAX_POSITIVES` of them drawn, each against a column
    drawn uniformly. A new row has no vector of its own and receives those of its n columns at each layer, as
    a fitted one does: α Σ_l Σ_j e_j^(l) / √(n d_j), l < L.

    `validate` gives the quality of a model every 20 epochs: the best model is returned, and training ends at
    the second check in a row that is no better. Without it, the model of the last epoch is returned.

    Raises:
        ValueError: If `validate` gives NaN alone.
    """
    ones = csr_matrix(interactions, dtype=np.float32).sign()
    if not ones.nnz:
        return no_factors(*ones.shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LightGCN(sum(ones.shape), embedding_dim, num_layers, normalize=False)
        models = _train(model, ones, learning_rate=learning_rate, ridge=ridge, max_epochs=max_epochs)
        if validate is None:
            *_, last = models
            return last
        best, best_value, num_worse = None, -np.inf, 0
        for number, factors in enumerate(models, start=1):
            value = validate(factors)
            logger.info("LightGCN epoch %d: validation %.4f", number * _EPOCHS_A_CHECK, value)
            if value > best_value:
                best, best_value, num_worse = factors, value, 0
            elif (num_worse := num_worse + 1) == _PATIENCE:
                break
    if best is None:
        raise ValueError("expected validate to give a number, found NaN: check the validation queries")
    return best


def _train(
    model: LightGCN, ones: csr_matrix, *, learning_rate: float, ridge: float, max_epochs: int
) -> Iterator[Factors]:
    """The model every `_EPOCHS_A_CHECK` epochs, and after the last."""
    num_rows, num_columns = ones.shape
    graph = _normalised(ones)
    row, column = (torch.from_numpy(index.astype(np.int64)) for index in ones.nonzero())
    column = column + num_rows
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    for epoch in range(1, max_epochs + 1):
        drawn = torch.randperm(len(row))[:MAX_POSITIVES]
        source, positive = row[drawn], column[drawn]
        negative = torch.randint(num_rows, num_rows + num_columns, positive.shape)
        pairs = torch.stack([source.repeat(2), torch.cat([positive, negative])])  # [2, 2 * num_drawn]
        above, below = model(graph, pairs).chunk(2)
        nodes = torch.cat([source, positive, negative])
        optimizer.zero_grad()
        model.recommendation_loss(above, below, node_id=nodes, lambda_reg=ridge).backward()
        optimizer.step()
        if epoch % _EPOCHS_A_CHECK == 0 or epoch == max_epochs:
            yield _factors(model, graph, ones)


def _normalised(ones: csr_matrix) -> Tensor:
    """D^−½ A D^−½ of the bipartite graph, sparse: along edges PyG gathers and scatters, far slower."""
    row, column = ones.nonzero()
    weight = 1 / np.sqrt(ones.getnnz(axis=1)[row] * ones.getnnz(axis=0)[column], dtype=np.float32)
    sources = np.concatenate([row, column + ones.shape[0]])
    targets = np.concatenate([column + ones.shape[0], row])
    num_nodes = sum(ones.shape)
    matrix = csr_matrix((np.tile(weight, 2), (sources, targets)), shape=(num_nodes, num_nodes))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        # 32-bit indices are a third faster than 64-bit ones.
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int32)),
            torch.from_numpy(matrix.indices.astype(np.int32)),
            torch.from_numpy(matrix.data),
            size=matrix.shape,
            check_invariants=False,
        )


@torch.inference_mode()
def _factors(model: LightGCN, graph: Tensor, ones: csr_matrix) -> Factors:
    num_rows, num_columns = ones.shape
    layer = passed = model.embedding.weight
    for convolution in model.convs[:-1]:
        layer = convolution(layer, graph)
        passed = passed + layer
    degree = np.maximum(ones.getnnz(axis=0), 1).astype(np.float32)
    fold_in = passed[num_rows:].numpy() * float(model.alpha[0]) / np.sqrt(degree)[:, np.newaxis]
    vectors = model.get_embedding(graph).numpy()
    return Factors(
        rows=vectors[:num_rows].copy(),
        columns=vectors[num_rows:].copy(),
        bias=np.zeros(num_columns, dtype=np.float32),
        fold_in=fold_in.astype(np.float32),
        fold_in_power=0.5,
    )
