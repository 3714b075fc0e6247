"""What a training run learns from, and what it returns: the interface of `gnn.network.training`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnn.data.queries import CompletionQueries
from gnn.network.encoder import ItemTables
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
    """Time that training took."""
    role_scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What the head multiplied the encoder's tables by: source, target, history."""
    encoder: Encoder = field(default_factory=Encoder)
    """The embeddings and edges that the vectors are sums of, for explanations."""
    gate: SequenceGate | None = None
    """Attention weights of ordered histories (`gnn.scoring.sequences`); none where baskets were learned."""


class Task(Protocol):
    """A kind of training data with its loss: `BasketTask` completes baskets, `SequenceTask` finds next items.

    A training run asks it for the steps of each epoch, for the loss of each step, for the scores of validation
    queries, and at the end for the arrays that serving reads. The task has the head of the model.
    """

    def steps(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        """Shuffle the training rows (baskets or users) and split them into the steps of an epoch."""

    def loss(
        self,
        tables: ItemTables,
        rows: NDArray[np.int64],
        *,
        rng: np.random.Generator,
        generator: torch.Generator,
    ) -> Tensor:
        """Mean loss of the training examples of `rows`, a scalar."""

    def scores(self, tables: ItemTables, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores of all items, [len(queries), num_ranked]."""

    def links(self, tables: ItemTables) -> LearnedLinks:
        """The tables and the parameters of the head as arrays."""
