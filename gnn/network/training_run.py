"""One training run: parameters, optimiser, generators, and the best parameters so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnn.config import TrainingConfig
from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import full_ranking, ndcg_at_k
from gnn.network.checkpoint import Checkpoint
from gnn.network.encoder import ItemTables
from gnn.network.encoder_parts import pack_encoder
from gnn.network.heads import LinkModel
from gnn.scoring.explanation import Encoder
from gnn.scoring.sequences import SequenceGate


@dataclass(frozen=True)
class LearnedLinks:
    """What training found, as arrays; the scales of the head are folded into the tables."""

    source: NDArray[np.float32]
    """[num_ranked, d], as are `target` and `history`."""
    target: NDArray[np.float32]
    history: NDArray[np.float32]
    bias: NDArray[np.float32]
    """[num_ranked]"""
    users: NDArray[np.float32]
    """[num_users, d]"""
    count_weights: tuple[float, float]
    """Of log(1 + count) and of [count > 0]."""
    num_epochs: int = 0
    """Epochs after which it was best."""
    seconds: float = 0.0
    role_scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What the head multiplied the encoder's tables by: source, target, history."""
    encoder: Encoder = Encoder()
    """The encoder that made the vectors, for explanations."""
    gate: SequenceGate | None = None
    """Of ordered histories: how `source` and `history` are read (`gnn.scoring.sequences`)."""


class Task(Protocol):
    """What a run learns from, and what it is judged by: baskets, or ordered histories."""

    def steps(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        """The rows of each step of an epoch."""

    def loss(
        self,
        tables: ItemTables,
        rows: NDArray[np.int64],
        *,
        rng: np.random.Generator,
        generator: torch.Generator,
    ) -> Tensor:
        """Mean loss of the items that `rows` ask for."""

    def scores(self, tables: ItemTables, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores of all items, [len(queries), num_ranked]."""

    def links(self, tables: ItemTables) -> LearnedLinks:
        """What was learned, for serving."""


class TrainingRun:
    """Parameters, optimiser and generator of one run, and the best parameters so far."""

    def __init__(self, model: LinkModel, task: Task, config: TrainingConfig, device: torch.device) -> None:
        """`task` has the head of `model`."""
        self._model = model
        self._task = task
        self._config = config
        self._device = device
        self._rng = np.random.default_rng(config.seed)
        self._optimiser = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
        self._best = _copy(model)
        self._best_epoch = 0
        self._best_ndcg = -1.0
        self.last_ndcg = float("nan")
        self.epoch = 0
        self.seconds = 0.0

    @property
    def is_stale(self) -> bool:
        """True when validation has not been better for `patience` epochs."""
        return self.epoch - self._best_epoch >= self._config.patience

    def train_epoch(self, report: Callable[[int, int], None]) -> float:
        """One pass over all that the task learns from; mean loss of its steps."""
        steps = self._task.steps(self._rng)
        generator = torch.Generator(device=self._device).manual_seed(int(self._rng.integers(2**62)))
        remaining = 1 - 0.9 * self.epoch / max(self._config.max_epochs, 1)
        for group in self._optimiser.param_groups:
            group["lr"] = self._config.learning_rate * remaining
        self._model.train()
        total = 0.0
        for step, rows in enumerate(steps, start=1):
            with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
                tables = self._model.encoder()
                loss = self._task.loss(tables, rows, rng=self._rng, generator=generator)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch
            self._optimiser.step()
            total += loss.item()
            report(step, len(steps))
        self.epoch += 1
        return total / max(len(steps), 1)

    @torch.inference_mode()
    def judge(self, validation: CompletionQueries | None) -> None:
        """Keep the parameters where they are the best on `validation`, or where there is none to judge by."""
        if validation is not None:
            self._model.eval()
            score = partial(self._task.scores, self._model.encoder())
            self.last_ndcg = ndcg_at_k(full_ranking(score, validation), 20)
        if validation is None or self.last_ndcg > self._best_ndcg:
            self._best, self._best_epoch, self._best_ndcg = _copy(self._model), self.epoch, self.last_ndcg

    def checkpoint(self, key: str) -> Checkpoint:
        """This run as it stands."""
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
        """Go on from `found`."""
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
        links = self._task.links(self._model.encoder())
        encoder = pack_encoder(self._model.encoder, role_scale=links.role_scale)
        return replace(links, encoder=encoder, num_epochs=self._best_epoch, seconds=self.seconds)


def _copy(model: LinkModel) -> dict[str, torch.Tensor]:
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
