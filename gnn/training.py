"""The training loop: from purchases and a graph to learned tables, resumable after every epoch."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gnn.baselines.popularity import fit_popularity
from gnn.checkpoint import load_checkpoint, save_checkpoint
from gnn.config import TrainingConfig
from gnn.data import feature_memberships, hetero_data, item_relations
from gnn.encoder import HeteroEncoder
from gnn.errors import TrainingError
from gnn.evaluation.queries import CompletionQueries
from gnn.heads import BasketHead, LinkModel
from gnn.propagation import adjacency
from gnn.purchases import Purchases
from gnn.training_run import LearnedLinks, TrainingRun
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Called with what is being done, steps done, and steps in all.
Progress = Callable[[str, int, int], None]


def train_links(
    purchases: Purchases,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    *,
    config: TrainingConfig,
    validation: CompletionQueries | None,
    max_epochs: int,
    checkpoint: Path,
    progress: Progress,
) -> LearnedLinks:
    """Train on `purchases` (columns: `ranked`) and the graph `edges`.

    With `validation`, NDCG@20 on it is measured after every epoch, training ends after `config.patience`
    epochs without a better one, and the best epoch's parameters are returned; without, those of the last.
    The file `checkpoint` is written after every epoch, and a run of the same inputs goes on from it.
    """
    device = choose_device(config.device)
    key = _run_key(purchases, edges, ranked, config, max_epochs, is_judged=validation is not None)
    stage = "final fit" if validation is None else "learning links"
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        run = TrainingRun(_build(purchases, edges, ranked, config, device), purchases, config, device)
        found = load_checkpoint(checkpoint, key=key)
        if found is not None:
            run.restore(found)
            logger.info("training goes on after epoch %d", found.epoch)
        while run.epoch < max_epochs and (validation is None or not run.is_stale):
            started = time.perf_counter()
            loss = run.train_epoch(partial(_report, progress, stage, run.epoch, max_epochs))
            run.judge(validation)
            run.seconds += time.perf_counter() - started
            save_checkpoint(checkpoint, run.checkpoint(key))
            logger.info(
                "epoch %d: loss %.4f, NDCG@20 %.4f, %.0f s", run.epoch, loss, run.last_ndcg, run.seconds
            )
        return run.best_links()


def choose_device(name: str) -> torch.device:
    """The device `name`; `auto` is a GPU where there is one.

    Raises:
        TrainingError: If there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise TrainingError(f"no device is called {name!r}: choose auto, cpu or cuda") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise TrainingError(f"device {name}: no GPU is here, use auto or cpu")
    return device


def _report(progress: Progress, stage: str, epoch: int, max_epochs: int, step: int, steps: int) -> None:
    progress(stage, epoch * steps + step, max_epochs * steps)


def _build(
    purchases: Purchases,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    device: torch.device,
) -> LinkModel:
    data = hetero_data(edges, ranked)
    relations = item_relations(data, num_neighbours=config.num_neighbours)
    encoder = HeteroEncoder(
        adjacency(feature_memberships(data), device=device),
        {name: adjacency(relation, device=device) for name, relation in relations.items()},
        dim=config.embedding_dim,
        num_layers=config.num_layers,
    )
    head = BasketHead(
        torch.from_numpy(fit_popularity(purchases).bias),
        num_users=purchases.counts.shape[0],
        dim=config.embedding_dim,
        dropout=config.dropout,
    )
    return LinkModel(encoder, head).to(device)


def _run_key(
    purchases: Purchases,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    max_epochs: int,
    *,
    is_judged: bool,
) -> str:
    """Equal for equal inputs: what a checkpoint belongs to."""
    inputs = {
        "tables": edges.tables_version,
        "as_of": purchases.as_of.isoformat(),
        "ranked": hashlib.sha256(ranked.tobytes()).hexdigest(),
        "config": config.to_json(),
        "max_epochs": max_epochs,
        "is_judged": is_judged,
        "torch": torch.__version__,
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
