"""The first stage of shops whose data are sequences, and the features of its candidates. NumPy alone.

    score = z(q · target + bias) + weight · z(Σ_j e^(−steps back) (B[j, i] + .3 T[j, i]))

with q of `gnn.scoring.sequences`, B of EASE over histories, T of near transitions; z: minus the mean,
over the deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.catalogue import LEVELS
from gnn.scoring.containers import Csr, zeros_field
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.scoring.sequences import Sequences, decayed
from gnn.scoring.statistics import standard_scores

#: Cost of a step back, e^−rate; `inf` leaves the latest event alone.
FLAT, SLOW, FAST, LATEST = 0.0, 0.3, 1.0, float("inf")

#: Features of a candidate by group: how importance and ablation are reported.
SEQUENCE_FEATURES = {
    "first stage": ("first_stage", "first_stage_position"),
    "gnn": ("gnn",),
    "ease": ("ease_flat", "ease_slow", "ease_fast", "ease_latest"),
    "transitions": ("near", "near_latest", "back", "wide", "wide_latest"),
    "categories": tuple(f"{level}_{what}" for level in LEVELS for what in ("latest", "slow")),
    "popularity": ("events", "last_events"),
    "query": ("history_size",),
}
_NAMES = tuple(name for names in SEQUENCE_FEATURES.values() for name in names)

#: Weight of the closed form beside the network (more finds fewer next items in the shortlist), and beside
#: popularity where there is no network; and of transitions in it.
_BESIDE_NETWORK, _BESIDE_POPULARITY, _NEAR_WEIGHT = 0.1, 10.0, 0.3


@dataclass(frozen=True)
class SequenceModel:
    """Transitions and counts of ordered histories; rows are ranked indices.

    `SequenceModel()` is that of a shop whose data are baskets.
    """

    near: Csr = Csr()
    """Transitions up to 3 steps forward (`gnn.data.sequences`), columns ascending."""
    back: Csr = Csr()
    """The transpose of `near`."""
    wide: Csr = Csr()
    """Transitions up to 10 steps forward."""
    events: NDArray[np.int64] = zeros_field(np.int64)
    """Events of each item, [num_ranked]."""
    last_events: NDArray[np.int64] = zeros_field(np.int64)
    """Histories that end with the item, [num_ranked]."""

    @property
    def is_fitted(self) -> bool:
        """Whether the shop's data are sequences."""
        return len(self.events) > 0


class SequenceStage:
    """A first stage over ordered histories (`gnn.scoring.two_stage`). Threads may share it."""

    feature_groups = SEQUENCE_FEATURES

    def __init__(self, scorer: ItemScorer, *, model: SequenceModel, codes: NDArray[np.int32]) -> None:
        """All of one model; `codes` of `gnn.scoring.catalogue.item_codes`, [4, num_ranked]."""
        self._scorer, self.model, self.codes = scorer, model, codes
        self.num_ranked = scorer.num_ranked

    def score_queries(self, queries: Sequence[ItemQuery]) -> ScoredSequences:
        """First-stage scores of the history that each query continues.

        The history is what the user bought, then `recent`, then the cart.
        """
        return self.score_sequences(self._sequences(queries))

    def score_sequences(self, sequences: Sequences) -> ScoredSequences:
        """First-stage scores of ordered histories in ranked indices."""
        ease_fast = self.sums(self._scorer.ease, sequences, rate=FAST)
        near = self.sums(self.model.near, sequences, rate=FAST)
        gnn = self._network_scores(sequences)
        closed_form = standard_scores(ease_fast + np.float32(_NEAR_WEIGHT) * near)
        weight = _BESIDE_NETWORK if self._scorer.network.is_trained else _BESIDE_POPULARITY
        scores = standard_scores(gnn) + np.float32(weight) * closed_form
        return ScoredSequences(self, sequences, scores, gnn, ease_fast, near)

    def sums(self, rows: Csr, sequences: Sequences, *, rate: float) -> NDArray[np.float32]:
        """Σ_j e^(−rate · steps back) · row j of `rows` for each history, [num_queries, num_ranked]."""
        weights = decayed(sequences, rate=rate)
        is_used = weights > 0
        return rows.weighted_sums(
            sequences.item[is_used],
            weights=weights[is_used],
            queries=sequences.query[is_used],
            num_queries=len(sequences),
        )

    @property
    def ease(self) -> Csr:
        """EASE over histories."""
        return self._scorer.ease

    def _network_scores(self, sequences: Sequences) -> NDArray[np.float32]:
        network = self._scorer.network
        if not network.is_trained:
            return np.broadcast_to(network.bias, (len(sequences), self.num_ranked)).astype(np.float32)
        return network.score_sequences(sequences)

    def _sequences(self, queries: Sequence[ItemQuery]) -> Sequences:
        parts = [self._sequence(query) for query in queries]
        lengths = [len(items) for items, _ in parts]
        return Sequences(
            indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            item=np.concatenate([np.zeros(0, np.int32), *(items for items, _ in parts)]),
            age_days=np.concatenate([np.zeros(0, np.float32), *(ages for _, ages in parts)]),
        )

    def _sequence(self, query: ItemQuery) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        bought, ages = self._scorer.events(query)
        current = [*query.recent, *query.cart]
        items = self._scorer.ranked_index(np.concatenate([bought, np.array(current, dtype=np.int64)]))
        ages = np.concatenate([ages, np.zeros(len(current))]).astype(np.float32)
        return items[items >= 0], ages[items >= 0]


@dataclass(frozen=True)
class ScoredSequences:
    """First-stage scores of ordered histories (`gnn.scoring.two_stage.ScoredQueries`)."""

    stage: SequenceStage
    sequences: Sequences
    scores: NDArray[np.float32]
    """[num_queries, num_ranked], as are the others."""
    gnn: NDArray[np.float32]
    ease_fast: NDArray[np.float32]
    near: NDArray[np.float32]

    def excluded(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The items of the histories."""
        return self.sequences.query, self.sequences.item

    def features(self, candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        """`SEQUENCE_FEATURES` of `candidates` [num_queries, K], [num_queries, K, F]."""
        stage, model, sequences = self.stage, self.stage.model, self.sequences
        # Padding takes the features of any item: nothing reads them.
        places = np.maximum(candidates, 0)

        def sums(rows: Csr, rate: float) -> NDArray[np.float32]:
            return taken(stage.sums(rows, sequences, rate=rate))

        def taken(values: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.take_along_axis(values, places, axis=1)

        lengths = sequences.lengths[:, np.newaxis]
        columns: dict[str, NDArray[np.floating]] = {
            "first_stage": taken(self.scores),
            "first_stage_position": np.broadcast_to(np.arange(places.shape[1]), places.shape),
            "gnn": taken(self.gnn) - self.gnn.max(axis=1, keepdims=True),
            "ease_flat": sums(stage.ease, FLAT) / np.sqrt(np.maximum(lengths, 1)),
            "ease_slow": sums(stage.ease, SLOW),
            "ease_fast": taken(self.ease_fast),
            "ease_latest": sums(stage.ease, LATEST),
            "near": taken(self.near),
            "near_latest": sums(model.near, LATEST),
            "back": sums(model.back, FAST),
            "wide": sums(model.wide, SLOW),
            "wide_latest": sums(model.wide, LATEST),
            "events": np.log1p(model.events)[places],
            "last_events": np.log1p(model.last_events)[places],
            "history_size": np.broadcast_to(lengths, places.shape),
        }
        for level, code in zip(LEVELS, stage.codes, strict=True):
            columns[f"{level}_latest"] = _affinity(code, sequences, places, rate=LATEST)
            columns[f"{level}_slow"] = _affinity(code, sequences, places, rate=SLOW)
        return np.stack([columns[name] for name in _NAMES], axis=2).astype(np.float32)


def _affinity(
    code: NDArray[np.int32], sequences: Sequences, candidates: NDArray[np.int64], *, rate: float
) -> NDArray[np.float64]:
    """Weight of the history's events that are of the candidate's code; NaN for a candidate without one."""
    num_codes = int(code.max(initial=-1)) + 2
    place = sequences.query * num_codes + code[sequences.item] + 1
    sums = np.bincount(place, decayed(sequences, rate=rate), minlength=len(sequences) * num_codes)
    of_candidates = code[candidates]
    found = sums[np.arange(len(sequences))[:, np.newaxis] * num_codes + of_candidates + 1]
    return np.where(of_candidates >= 0, found, np.nan)
