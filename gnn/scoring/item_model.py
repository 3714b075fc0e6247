"""The components that item scores are made of: histories, the network's vectors, EASE, and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.containers import Csr, TextColumn, zeros_field
from gnn.scoring.sequences import SequenceGate, Sequences, sequence_scores

#: Days after which a purchase weighs 1/e in the columns of `ItemHistory.decayed`.
DECAY_DAYS = (10.0, 30.0, 90.0)


@dataclass(frozen=True)
class Histories:
    """The events of each user: users sorted by pseudonym, a user's events oldest first."""

    user_ids: TextColumn = TextColumn.of([])
    indptr: NDArray[np.int64] = zeros_field(np.int64, 1)
    """Events of user u are `indptr[u]:indptr[u + 1]`, [num_users + 1]."""
    item: NDArray[np.int32] = zeros_field(np.int32)
    """Item index. A user's events of an item are `PURCHASED.count` in number."""
    age_days: NDArray[np.float32] = zeros_field(np.float32)
    """Days from the event to the model's `as_of`."""

    def of_user(self, user_index: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Item indices and ages of one user's events."""
        events = slice(*self.indptr[user_index : user_index + 2])
        return self.item[events], self.age_days[events]


@dataclass(frozen=True)
class ItemHistory:
    """A row an item that the user has bought, by ascending item; ages in days."""

    item: NDArray[np.int64]
    count: NDArray[np.float32]
    """Events (purchase lines)."""
    decayed: NDArray[np.float32]
    """Sums over the events of exp(-age / τ), τ = `DECAY_DAYS`, [num_rows, 3]."""
    last_age: NDArray[np.float32]
    """Of the latest event."""
    cycle: NDArray[np.float32]
    """Place in the repurchase cycle: last age ÷ mean days between the days of purchase; NaN where there is
    one such day."""


def summarise(item: NDArray[np.integer], age_days: NDArray[np.floating]) -> ItemHistory:
    """One user's events, [num_events] each, summed by item; the order of the events does not matter."""
    items, row, count = np.unique(item, return_inverse=True, return_counts=True)
    decayed = np.stack(
        [np.bincount(row, np.exp(-age_days / days), minlength=len(items)) for days in DECAY_DAYS], axis=1
    )
    last, first = np.full(len(items), np.inf), np.zeros(len(items))
    np.minimum.at(last, row, age_days)
    np.maximum.at(first, row, age_days)
    # Days, not events: two packages in one basket are no cycle.
    days = np.bincount(
        np.unique(np.stack([row, np.floor(age_days)]), axis=1)[0].astype(np.int64), minlength=len(items)
    )
    gap = np.where(days > 1, (first - last) / np.maximum(days - 1, 1), np.nan)
    return ItemHistory(
        item=items.astype(np.int64),
        count=count.astype(np.float32),
        decayed=decayed.astype(np.float32),
        last_age=last.astype(np.float32),
        cycle=(last / np.maximum(gap, 1.0)).astype(np.float32),
    )


@dataclass(frozen=True)
class RankedItems:
    """The items that the model ranks; a *ranked index* is a row here."""

    item: NDArray[np.int32] = zeros_field(np.int32)
    """Item index, ascending, [num_ranked]."""
    baskets_4_weeks: NDArray[np.int64] = zeros_field(np.int64)
    """Baskets with the item in the 28 days before `as_of`, [num_ranked]."""
    baskets_16_weeks: NDArray[np.int64] = zeros_field(np.int64)
    """The same of 112 days."""


@dataclass(frozen=True)
class ItemNetwork:
    """Vectors that the graph neural network learned; d = 0 where there was too little to train on."""

    source: NDArray[np.float32] = zeros_field(np.float32, 0, 0)
    """Vector of an item in the cart, [num_ranked, d]."""
    target: NDArray[np.float32] = zeros_field(np.float32, 0, 0)
    """Vector of a candidate, [num_ranked, d]."""
    history: NDArray[np.float32] = zeros_field(np.float32, 0, 0)
    """Vector of an item in the user's history, [num_ranked, d]."""
    bias: NDArray[np.float32] = zeros_field(np.float32)
    """[num_ranked]; log popularity where nothing was trained."""
    users: NDArray[np.float32] = zeros_field(np.float32, 0, 0)
    """[num_users, d], rows as `Histories.user_ids`."""
    gate: SequenceGate = SequenceGate()
    """How ordered histories are weighed; without heads where the network learned from baskets."""

    @property
    def is_trained(self) -> bool:
        """Whether there are vectors, not popularity alone."""
        return bool(self.target.shape[1])

    def score_sequences(self, sequences: Sequences) -> NDArray[np.float32]:
        """Scores of ordered histories by a network that learned from such, [len(sequences), num_ranked]."""
        return sequence_scores(
            sequences,
            self.gate,
            source=self.source,
            target=self.target,
            history=self.history,
            bias=self.bias,
        )


@dataclass(frozen=True)
class EaseWeights:
    """The largest positive weights of each row of the EASE matrix B (Steck 2019)."""

    weights: Csr = Csr()
    """A row a ranked index j, B[j, i] by ranked index i ascending."""


@dataclass(frozen=True)
class Ensemble:
    """Weights of the first-stage score, a feature each (`gnn.scoring.item_scorer`).

    The defaults serve where nothing can be fitted; fitting starts from them.
    """

    gnn: float = 1.0
    ease: float = 8.0
    bought: float = 1.0
    known: float = 1.0
    share: float = 1.0
    recency: float = 0.5

    def as_array(self) -> NDArray[np.float32]:
        """The weights in the order of `FEATURES`, [6]."""
        return np.array(astuple(self), dtype=np.float32)


#: The features of the first-stage score, in the order of `ItemScorer.features`.
FEATURES = tuple(feature.name for feature in fields(Ensemble))


@dataclass(frozen=True)
class LinkProbability:
    """How the probability of a link between two items follows from vectors and EASE weights.

    σ(intercept + gnn · source_a · target_b + ease · B[a, b]), both directions averaged, then calibrated by a
    line through knots. By default the calibration changes nothing.
    """

    intercept: float = 0.0
    gnn: float = 1.0
    ease: float = 8.0
    raw: Sequence[float] = (0.0, 1.0)
    """Knots: means of both directions, ascending, from 0 to 1."""
    calibrated: Sequence[float] = (0.0, 1.0)
    """Probability at each of `raw`, ascending; linear in between."""

    def calibrate(self, links: NDArray[np.floating]) -> NDArray[np.float64]:
        """Probabilities of `links` of any shape, each the mean of both directions, in (0, 1)."""
        return np.asarray(np.interp(links, self.raw, self.calibrated), dtype=np.float64)


@dataclass(frozen=True)
class Reranker:
    """The second stage: boosted trees over the features of a shortlist (`gnn.scoring.two_stage`)."""

    trees: NDArray[np.uint8] = zeros_field(np.uint8)
    """Serialised by treelite; of length 0 where the first stage is served as it is."""
    weight: float = 0.0
    """Weight of the trees' standardised score against 1 for the first stage's."""
    shortlist_size: int = 0
    """Items of a shortlist."""


@dataclass(frozen=True)
class CoBasketTrees:
    """Boosted trees that give the probability of an item to be in one basket with a cart."""

    trees: NDArray[np.uint8] = zeros_field(np.uint8)
    """Serialised by treelite; of length 0 where there are none."""
