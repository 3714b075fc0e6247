"""Learning from ordered histories: at every event of a history, find the item that comes next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnn.config import SequenceConfig, TrainingConfig
from gnn.data.queries import CompletionQueries, as_next_item
from gnn.network.encoder import ItemTables
from gnn.network.heads import SequenceBatch, SequenceHead
from gnn.network.losses import draw_candidates, vector_softmax_loss
from gnn.network.task import LearnedLinks
from gnn.scoring.sequences import SequenceGate, Sequences, sequence_scores


@dataclass(frozen=True)
class SequenceTask:
    """The training task of shops whose baskets hold one item (`gnn.network.task.TrainingTask`)."""

    head: SequenceHead
    sequences: Sequences
    """A history a user."""
    config: TrainingConfig
    sequence_config: SequenceConfig
    device: torch.device

    def steps(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        """The users of each step of an epoch: all that have two events or more."""
        return steps_of_an_epoch(
            self.sequences,
            max_steps=self.sequence_config.max_steps,
            targets_a_step=self.sequence_config.targets_a_step,
            rng=rng,
        )

    def loss(
        self,
        tables: ItemTables,
        rows: NDArray[np.int64],
        *,
        rng: np.random.Generator,
        generator: torch.Generator,
    ) -> Tensor:
        """Softmax over the catalogue, or a sample of a large one, for every next item of the users `rows`."""
        batch = next_item_batch(
            self.sequences, rows, max_steps=self.sequence_config.max_steps, device=self.device
        )
        vectors, bias, num_ranked = (
            self.head(tables, batch),
            torch.as_tensor(self.head.bias),
            len(tables.target),
        )
        if num_ranked <= self.config.full_softmax_items:
            return vector_softmax_loss(vectors, tables.target, bias, targets=batch.targets)
        candidates = draw_candidates(
            batch.targets,
            self._popularity,
            num_negatives=self.config.num_negatives,
            generator=generator,
        )
        return vector_softmax_loss(
            vectors,
            tables.target[candidates.items],
            bias[candidates.items] - candidates.log_expected,
            targets=torch.searchsorted(candidates.items, batch.targets),
        )

    @cached_property
    def _popularity(self) -> Tensor:
        # Half a pseudo-count keeps items that are in no history drawable.
        events = np.bincount(self.sequences.item, minlength=len(self.head.bias)) + 0.5
        return torch.from_numpy(events).to(self.device)

    def scores(self, tables: ItemTables, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores of all items by the code that serves, [len(queries), num_ranked].

        Raises:
            TypeError: If the queries have no ordered histories.
        """
        return score_sequences(as_next_item(queries).histories, self.links(tables))

    def links(self, tables: ItemTables) -> LearnedLinks:
        """Tables and gate as `gnn.scoring.sequences` reads them; `source` is 0 where order does not count."""
        head = self.head
        return LearnedLinks(
            source=(tables.source * float(head.is_ordered)).contiguous().cpu().numpy(),
            target=tables.target.contiguous().cpu().numpy(),
            history=tables.history.contiguous().cpu().numpy(),
            bias=head.bias.cpu().numpy(),
            users=np.zeros((len(self.sequences), tables.target.shape[1]), dtype=np.float32),
            count_weights=(0.0, 0.0),
            role_scale=(float(head.is_ordered), 1.0, 1.0),
            gate=SequenceGate(
                by_step=head.by_step.cpu().numpy(),
                by_item=head.item_log_weight(tables).cpu().numpy(),
                by_age=head.by_age.cpu().numpy(),
                power=head.power.cpu().numpy(),
            ),
        )


def score_sequences(sequences: Sequences, links: LearnedLinks) -> NDArray[np.float32]:
    """Scores by the formula of `gnn.scoring.sequences`, [len(sequences), num_ranked].

    Raises:
        ValueError: If the links were not learned from sequences.
    """
    if links.gate is None:
        raise ValueError("expected links learned from sequences, found ones learned from baskets")
    return sequence_scores(
        sequences,
        links.gate,
        source=links.source,
        target=links.target,
        history=links.history,
        bias=links.bias,
    )


def next_item_batch(
    sequences: Sequences, rows: NDArray[np.int64], *, max_steps: int, device: torch.device
) -> SequenceBatch:
    """The last `max_steps` + 1 events of the histories `rows`: each but the first is a target.

    Ages count to the time of the target, which is all that the head learns of it.
    """
    part = sequences.take(rows)
    is_kept = part.steps_back <= max_steps
    query, item, day = part.query[is_kept], part.item[is_kept], -part.age_days[is_kept].astype(np.float64)
    lengths = np.bincount(query, minlength=len(rows))
    place = np.arange(len(item)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    shape = (len(rows), int(lengths.max(initial=2)))
    items, days = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    is_event = np.zeros(shape, dtype=np.bool_)
    items[query, place], days[query, place], is_event[query, place] = item, day, True

    ages = np.maximum(days[:, 1:, np.newaxis] - days[:, np.newaxis, :-1], 0)
    is_target = is_event[:, 1:]
    return SequenceBatch(
        items=torch.from_numpy(items[:, :-1].copy()).to(device),
        is_event=torch.from_numpy(is_event[:, :-1].copy()).to(device),
        age_days=torch.from_numpy(ages.astype(np.float32)).to(device),
        places=torch.from_numpy(np.flatnonzero(is_target)).to(device),
        targets=torch.from_numpy(items[:, 1:][is_target]).to(device),
    )


def steps_of_an_epoch(
    sequences: Sequences, *, max_steps: int, targets_a_step: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """The histories of two events or more, split into steps of about `targets_a_step` targets.

    A step holds histories of about one length, else most of a batch would be padding.
    """
    rows = rng.permutation(np.flatnonzero(sequences.lengths > 1))
    targets = np.minimum(sequences.lengths[rows] - 1, max_steps)
    # Noise on the lengths puts different histories together in each epoch.
    order = np.argsort(targets + 5 * rng.random(len(rows)), kind="stable")
    step = np.cumsum(targets[order]) // targets_a_step
    parts = np.split(rows[order], np.flatnonzero(np.diff(step)) + 1)
    return [parts[number] for number in rng.permutation(len(parts)) if len(parts[number])]
