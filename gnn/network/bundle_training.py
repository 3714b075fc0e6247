"""Training the three views on hidden choices, with early stopping on validation."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gnn.data.bundle_choices import BundleChoices
from gnn.data.hetero_data import HeteroData
from gnn.network.bundle_views import VIEWS, ThreeViews, hide_edges, view_graph

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ViewParams:
    """How the views are trained, as measured on Youshu's validation."""

    dim: int = 64
    """Length of a vector."""
    num_layers: int = 1
    """Propagation depth in each view."""
    views: tuple[str, ...] = VIEWS
    """Which views there are."""
    temperature: float = 0.15
    """Cosines are divided by it before the softmax."""
    hidden_share: float = 0.5
    """Share of all choices that a step hides from the graph and predicts; 0 predicts what is in the graph."""
    drop_share: float = 0.4
    """Share of the other edges that a step leaves out."""
    ridge: float = 1e-4
    """Weight of the squared lengths of users and bundles in the loss."""
    learning_rate: float = 3e-3
    """Learning rate of Adam."""
    batch_size: int = 740
    """Users a step."""
    averaging: float = 0.9
    """Decay, a step, of the moving average of the parameters, which is the result (Polyak 1992)."""
    max_epochs: int = 40
    """Passes over the users with choices, at most."""
    patience: int = 5
    """Epochs without a better validation that end training."""


@dataclass(frozen=True)
class ViewVectors:
    """Unit vectors that training found; a score is their product."""

    users: NDArray[np.float32]
    """[num_users, d]; meaningless for a user without choices."""
    bundles: NDArray[np.float32]
    """[num_bundles, d]"""
    items: NDArray[np.float32]
    """What an item adds to a visitor who has it, [num_items, d]: the unit of the sum is the visitor's vector."""
    num_epochs: int
    """Epochs after which these vectors were best."""

    def score(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosines, [len(users), num_bundles]."""
        return np.asarray(self.users[users] @ self.bundles.T, dtype=np.float32)


#: The quality of vectors on validation, the higher the better.
Validate = Callable[[ViewVectors], float]


def train_views(
    choices: BundleChoices,
    *,
    seed: int,
    device: torch.device,
    params: ViewParams,
    validate: Validate | None = None,
) -> ViewVectors:
    """Train `ThreeViews`; return the vectors of the epoch with the best `validate`, of the last without it.

    Each step hides a share of all choices, propagates over the others, and minimises the cross-entropy of the
    hidden choices of some users against all bundles but those of the user that are in the graph.
    """
    generator = torch.Generator().manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = ThreeViews(
        choices.num_users,
        choices.num_bundles,
        choices.bought.shape[1],
        dim=params.dim,
        generator=generator,
        num_layers=params.num_layers,
        views=params.views,
    ).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=params.learning_rate, fused=True)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(params.averaging))  # type: ignore[no-untyped-call]  # torch
    graph = view_graph(choices, device=device)
    users = np.flatnonzero(np.diff(choices.chosen.indptr))
    started = time.perf_counter()
    best, best_value = _vectors(average, graph, 0), -np.inf
    for epoch in range(1, params.max_epochs + 1):
        for batch in np.array_split(rng.permutation(users), -(-len(users) // params.batch_size)):
            loss = _step_loss(model, graph, choices, batch, params=params, rng=rng, device=device)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch
            optimiser.step()
            average.update_parameters(model)
        if validate is None and epoch < params.max_epochs:
            continue
        vectors = _vectors(average, graph, epoch)
        value = 0.0 if validate is None else validate(vectors)
        if value > best_value:
            best, best_value = vectors, value
        elif epoch - best.num_epochs >= params.patience:
            break
    seconds = time.perf_counter() - started
    logger.info("views of seed %d: best after %d epochs, %.1f s", seed, best.num_epochs, seconds)
    return best


def _step_loss(
    model: ThreeViews,
    graph: HeteroData,
    choices: BundleChoices,
    batch: NDArray[np.int64],
    *,
    params: ViewParams,
    rng: np.random.Generator,
    device: torch.device,
) -> Tensor:
    user, bundle = choices.chosen.nonzero()
    is_hidden = rng.random(len(user)) < params.hidden_share
    users, bundles = model(hide_edges(graph, is_hidden, drop_share=params.drop_share, rng=rng))

    place = np.full(choices.num_users, -1)
    place[batch] = np.arange(len(batch))
    row = place[user]

    def places(is_wanted: NDArray[np.bool_]) -> tuple[Tensor, Tensor]:
        chosen = is_wanted & (row >= 0)
        rows, columns = (torch.from_numpy(ends[chosen].astype(np.int64)) for ends in (row, bundle))
        return rows.to(device), columns.to(device)

    rows = torch.from_numpy(batch).to(device)
    logits = users[rows] @ bundles.T / params.temperature  # [B, num_bundles]
    if params.hidden_share:
        logits = logits.index_put(places(~is_hidden), logits.new_tensor(-1e4))
    at, target = places(is_hidden if params.hidden_share else ~is_hidden)
    log_probability = logits[at, target] - logits.logsumexp(dim=1)[at]
    # A batch may have nothing hidden: then the sum is 0, not a mean over nothing.
    loss: Tensor = -log_probability.sum() / max(len(at), 1)
    num_users = int((np.diff(choices.chosen.indptr) > 0).sum())
    lengths = model.users[rows].square().sum() / len(rows) + model.bundles.square().sum() / num_users
    return loss + params.ridge * lengths


@torch.inference_mode()
def _vectors(model: AveragedModel, graph: HeteroData, num_epochs: int) -> ViewVectors:
    users, bundles = model(graph)
    items = cast("ThreeViews", model.module).visitor_items(graph)
    return ViewVectors(users.cpu().numpy(), bundles.cpu().numpy(), items.cpu().numpy(), num_epochs)
