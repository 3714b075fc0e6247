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

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.config import SequenceConfig, TrainingConfig
from gnn.data.hetero_data import HeteroData, hetero_data, item_relations, message_graph
from gnn.data.purchases import Purchases, log_popularity
from gnn.data.queries import CompletionQueries
from gnn.data.sequences import transition_relations, user_sequences
from gnn.errors import TrainingError
from gnn.evaluation.metrics import full_ranking, ndcg_at_k
from gnn.network.basket_task import BasketTask
from gnn.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from gnn.network.encoder import HeteroEncoder, pack_encoder
from gnn.network.heads import BasketHead, LinkModel, SequenceHead
from gnn.network.sequence_task import SequenceTask
from gnn.network.task import LearnedLinks, TrainingTask
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Called with the stage of training, steps done, and steps in all.
Progress = Callable[[str, int, int], None]


def no_progress(stage: str, done: int, total: int) -> None:
    """Report nothing."""


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
) -> LearnedLinks:
    """Train on `purchases` (columns: `ranked`) and the graph `edges`.

    Without a `sequence_config` the model learns to complete baskets. With one it learns the next item of
    ordered histories, by the values of that config where they differ from `config`'s, and `validation` are
    queries of `gnn.data.queries`: for data that `gnn.data.sequences.is_sequential` finds to be sequences.

    With `validation`, NDCG@20 on it is measured after every epoch, training ends after `config.patience`
    epochs without a better one, and the best epoch's parameters are returned; without, those of the last.
    The file `checkpoint` is written after every epoch, and a run of the same inputs resumes from it.
    """
    device = choose_device(config.device)
    key = _run_key(purchases, edges, ranked, config, sequence_config, max_epochs, validation is not None)
    stage = "final fit" if validation is None else "learning links"
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        if sequence_config is None:
            run = _basket_run(purchases, edges, ranked, config, device)
        else:
            run = _sequence_run(purchases, edges, ranked, config, sequence_config, device)
        found = load_checkpoint(checkpoint, key=key)
        if found is not None:
            run.restore(found)
            logger.info("training resumes after epoch %d", found.epoch)
        while run.epoch < max_epochs and (validation is None or not run.is_stale):
            started = time.perf_counter()
            loss = run.train_epoch(partial(_report, progress, stage, run.epoch, max_epochs))
            ndcg = None if validation is None else run.evaluate(validation)
            run.keep_best(ndcg)
            run.seconds += time.perf_counter() - started
            save_checkpoint(checkpoint, run.checkpoint(key))
            quality = "not measured" if ndcg is None else f"{ndcg:.4f}"
            logger.info("epoch %d: loss %.4f, NDCG@20 %s, %.0f s", run.epoch, loss, quality, run.seconds)
        return run.best_links()


class TrainingRun:
    """Parameters, optimiser and random generators of one run, and the best parameters so far."""

    def __init__(
        self,
        model: LinkModel,
        graph: HeteroData,
        task: TrainingTask,
        config: TrainingConfig,
        device: torch.device,
    ) -> None:
        """`model` and `graph` are on `device`; `task` has the head of `model`."""
        self._model = model
        self._graph = graph
        self._task = task
        self._config = config
        self._device = device
        self._rng = np.random.default_rng(config.seed)
        self._optimiser = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
        self._best = _copy(model)
        self._best_epoch = 0
        self._best_ndcg = -1.0
        self.epoch = 0
        self.seconds = 0.0

    @property
    def is_stale(self) -> bool:
        """True when validation has not been better for `patience` epochs."""
        return self.epoch - self._best_epoch >= self._config.patience

    def train_epoch(self, report: Callable[[int, int], None]) -> float:
        """Pass once over the training rows of the task; return the mean loss of the steps."""
        steps = self._task.steps(self._rng)
        generator = torch.Generator(device=self._device).manual_seed(int(self._rng.integers(2**62)))
        remaining = 1 - 0.9 * self.epoch / max(self._config.max_epochs, 1)
        for group in self._optimiser.param_groups:
            group["lr"] = self._config.learning_rate * remaining
        self._model.train()
        total = 0.0
        for step, rows in enumerate(steps, start=1):
            with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
                tables = self._model.encoder(self._graph)
                loss = self._task.loss(tables, rows, rng=self._rng, generator=generator)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch
            self._optimiser.step()
            total += loss.item()
            report(step, len(steps))
        self.epoch += 1
        return total / max(len(steps), 1)

    # Not `inference_mode`: in it, `EdgeIndex.to` gives a plain tensor.
    @torch.no_grad()
    def evaluate(self, validation: CompletionQueries) -> float:
        """NDCG@20 of the current parameters on `validation`."""
        self._model.eval()
        score = partial(self._task.scores, self._model.encoder(self._graph))
        return ndcg_at_k(full_ranking(score, validation), 20)

    def keep_best(self, ndcg: float | None) -> None:
        """Keep the current parameters if `ndcg` is the best so far, and always where there is none."""
        if ndcg is None or ndcg > self._best_ndcg:
            self._best, self._best_epoch = _copy(self._model), self.epoch
            self._best_ndcg = self._best_ndcg if ndcg is None else ndcg

    def checkpoint(self, key: str) -> Checkpoint:
        """The current state."""
        return Checkpoint(
            key=key,
            epoch=self.epoch,
            model=_copy(self._model),
            optimiser=self._optimiser.state_dict(),
            best_model=self._best,
            best_epoch=self._best_epoch,
            best_ndcg=self._best_ndcg,
            torch_state=torch.get_rng_state(),
            numpy_state=self._rng.bit_generator.state,  # type: ignore[arg-type]  # a dict for PCG64
            seconds=self.seconds,
        )

    def restore(self, found: Checkpoint) -> None:
        """Resume from `found`."""
        self._model.load_state_dict(found.model)
        self._optimiser.load_state_dict(found.optimiser)
        self._rng.bit_generator.state = found.numpy_state
        torch.set_rng_state(found.torch_state)
        self._best, self._best_epoch, self._best_ndcg = found.best_model, found.best_epoch, found.best_ndcg
        self.epoch, self.seconds = found.epoch, found.seconds

    @torch.inference_mode()
    def best_links(self) -> LearnedLinks:
        """The best parameters, ready for `gnn.scoring.item_scorer`."""
        self._model.load_state_dict(self._best)
        self._model.eval()
        links = self._task.links(self._model.encoder(self._graph))
        encoder = pack_encoder(self._model.encoder, self._graph, role_scale=links.role_scale)
        return replace(links, encoder=encoder, num_epochs=self._best_epoch, seconds=self.seconds)


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


def _basket_run(
    purchases: Purchases,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    device: torch.device,
) -> TrainingRun:
    data = hetero_data(edges, ranked)
    graph, encoder = _encoder(
        data, item_relations(data, config.relations, num_neighbours=config.num_neighbours), config
    )
    head = BasketHead(
        torch.from_numpy(log_popularity(purchases)),
        num_users=purchases.counts.shape[0],
        dim=config.embedding_dim,
        dropout=config.dropout,
    )
    model = LinkModel(encoder, head).to(device)
    return TrainingRun(model, graph.to(device), BasketTask(head, purchases, config, device), config, device)


def _sequence_run(
    purchases: Purchases,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    sequence_config: SequenceConfig,
    device: torch.device,
) -> TrainingRun:
    config = replace(
        config,
        embedding_dim=sequence_config.embedding_dim,
        learning_rate=sequence_config.learning_rate,
        max_epochs=sequence_config.max_epochs,
    )
    data, sequences = hetero_data(edges, ranked), user_sequences(purchases)
    num_neighbours = sequence_config.num_neighbours
    relations = transition_relations(
        sequences,
        num_ranked=len(ranked),
        num_neighbours=num_neighbours,
        is_ordered=sequence_config.is_ordered,
    )
    relations |= item_relations(data, sequence_config.relations, num_neighbours=num_neighbours)
    graph, encoder = _encoder(data, relations, config)
    bias = torch.from_numpy(log_popularity(purchases))
    head = SequenceHead(bias, dim=config.embedding_dim, config=sequence_config)
    model = LinkModel(encoder, head).to(device)
    task = SequenceTask(head, sequences, config, sequence_config, device)
    return TrainingRun(model, graph.to(device), task, config, device)


def _encoder(
    data: HeteroData, relations: Mapping[str, csr_matrix], config: TrainingConfig
) -> tuple[HeteroData, HeteroEncoder]:
    graph = message_graph(data, relations)
    return graph, HeteroEncoder(graph, dim=config.embedding_dim, num_layers=config.num_layers)


def _run_key(
    purchases: Purchases,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    sequence_config: SequenceConfig | None,
    max_epochs: int,
    has_validation: bool,
) -> str:
    """Digest of the inputs of a run: only a run of equal inputs resumes from a checkpoint."""
    inputs = {
        "tables": edges.tables_version,
        "as_of": purchases.as_of.isoformat(),
        "ranked": hashlib.sha256(ranked.tobytes()).hexdigest(),
        "config": config.to_json(),
        "sequence_config": None if sequence_config is None else asdict(sequence_config),
        "max_epochs": max_epochs,
        "has_validation": has_validation,
        "torch": torch.__version__,
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _report(progress: Progress, stage: str, epoch: int, max_epochs: int, step: int, steps: int) -> None:
    progress(stage, epoch * steps + step, max_epochs * steps)


def _copy(model: LinkModel) -> dict[str, torch.Tensor]:
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
