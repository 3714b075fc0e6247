"""The training loop: from purchases and a graph to learned tables, resumable after every epoch."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.config import SequenceConfig, TrainingConfig
from gnn.data.hetero_data import feature_memberships, hetero_data, item_relations
from gnn.data.purchases import Purchases, log_popularity
from gnn.data.queries import CompletionQueries
from gnn.data.sequences import transition_relations, user_sequences
from gnn.errors import TrainingError
from gnn.network.basket_task import BasketTask
from gnn.network.checkpoint import load_checkpoint, save_checkpoint
from gnn.network.encoder import HeteroEncoder
from gnn.network.heads import BasketHead, LinkModel, SequenceHead
from gnn.network.propagation import adjacency
from gnn.network.sequence_task import SequenceTask
from gnn.network.training_run import LearnedLinks, TrainingRun
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Called with what is being done, steps done, and steps in all.
Progress = Callable[[str, int, int], None]


def no_progress(stage: str, done: int, total: int) -> None:
    """The `Progress` where nobody is watching."""


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
    sequence_config: SequenceConfig | None = None,
    further_relations: Mapping[str, csr_matrix] = MappingProxyType({}),
) -> LearnedLinks:
    """Train on `purchases` (columns: `ranked`) and the graph `edges`.

    With a `sequence_config` the model learns the next item of ordered histories, by its values where they
    differ from `config`'s, and `validation` are queries of `gnn.data.queries`: for data that
    `gnn.data.sequences.is_sequential` finds to be sequences. Without one it completes baskets.

    With `validation`, NDCG@20 on it is measured after every epoch, training ends after `config.patience`
    epochs without a better one, and the best epoch's parameters are returned; without, those of the last.
    The file `checkpoint` is written after every epoch, and a run of the same inputs goes on from it.

    Items receive along `further_relations` as well, normalised, each [num_ranked, num_ranked], for ablations.
    """
    device = choose_device(config.device)
    key = _run_key(
        purchases,
        edges,
        ranked,
        config,
        sequence_config,
        max_epochs,
        further_relations,
        is_judged=validation is not None,
    )
    stage = "final fit" if validation is None else "learning links"
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        if sequence_config is None:
            run = _basket_run(purchases, edges, ranked, config, further_relations, device)
        else:
            run = _sequence_run(purchases, edges, ranked, config, sequence_config, further_relations, device)
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


def _basket_run(
    purchases: Purchases,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    further_relations: Mapping[str, csr_matrix],
    device: torch.device,
) -> TrainingRun:
    data = hetero_data(edges, ranked)
    relations = item_relations(data, num_neighbours=config.num_neighbours)
    encoder = _encoder(feature_memberships(data), {**relations, **further_relations}, config, device)
    head = BasketHead(
        torch.from_numpy(log_popularity(purchases)),
        num_users=purchases.counts.shape[0],
        dim=config.embedding_dim,
        dropout=config.dropout,
    )
    model = LinkModel(encoder, head).to(device)
    return TrainingRun(model, BasketTask(head, purchases, config, device), config, device)


def _sequence_run(
    purchases: Purchases,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    sequence_config: SequenceConfig,
    further_relations: Mapping[str, csr_matrix],
    device: torch.device,
) -> TrainingRun:
    sequences = user_sequences(purchases)
    relations = transition_relations(
        sequences,
        num_ranked=len(ranked),
        num_neighbours=sequence_config.num_neighbours,
        is_ordered=sequence_config.is_ordered,
    )
    config = replace(
        config,
        embedding_dim=sequence_config.embedding_dim,
        learning_rate=sequence_config.learning_rate,
        max_epochs=sequence_config.max_epochs,
    )
    memberships = feature_memberships(hetero_data(edges, ranked))
    encoder = _encoder(memberships, {**relations, **further_relations}, config, device)
    bias = torch.from_numpy(log_popularity(purchases))
    head = SequenceHead(bias, dim=config.embedding_dim, config=sequence_config)
    model = LinkModel(encoder, head).to(device)
    task = SequenceTask(head, sequences, config, sequence_config, device)
    return TrainingRun(model, task, config, device)


def _encoder(
    memberships: csr_matrix, relations: Mapping[str, csr_matrix], config: TrainingConfig, device: torch.device
) -> HeteroEncoder:
    return HeteroEncoder(
        adjacency(memberships, device=device),
        {name: adjacency(relation, device=device) for name, relation in relations.items()},
        dim=config.embedding_dim,
        num_layers=config.num_layers,
    )


def _run_key(
    purchases: Purchases,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    sequence_config: SequenceConfig | None,
    max_epochs: int,
    further_relations: Mapping[str, csr_matrix],
    *,
    is_judged: bool,
) -> str:
    """Equal for equal inputs: what a checkpoint belongs to."""
    inputs = {
        "tables": edges.tables_version,
        "as_of": purchases.as_of.isoformat(),
        "ranked": hashlib.sha256(ranked.tobytes()).hexdigest(),
        "config": config.to_json(),
        "sequence_config": None if sequence_config is None else asdict(sequence_config),
        "max_epochs": max_epochs,
        "further_relations": {name: _digest(relation) for name, relation in further_relations.items()},
        "is_judged": is_judged,
        "torch": torch.__version__,
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _digest(relation: csr_matrix) -> str:
    parts = (relation.indptr, relation.indices, relation.data)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
