"""Features of the items that may come next: a few for all items, the rest for a shortlist. NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.csr import SparseRows
from gnn.scoring.item_codes import LEVELS
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequences import Sequences, decayed
from gnn.scoring.standard_scores import standard_scores

#: What a step back costs: nothing, a quarter of what is left, two thirds; `inf` hears of the latest alone.
FLAT, SLOW, FAST, LATEST = 0.0, 0.3, 1.0, float("inf")

#: Features of a candidate by group: what importance and ablation are reported by.
GROUPS = {
    "stage one": ("blend", "position"),
    "learned": ("learned",),
    "ease": ("ease_flat", "ease_slow", "ease_fast", "ease_latest"),
    "transitions": ("near", "near_latest", "back", "wide", "wide_latest"),
    "groups": tuple(f"{group}_{what}" for group in LEVELS for what in ("latest", "slow")),
    "popularity": ("events", "last_events"),
    "query": ("history_size",),
}
NAMES = tuple(name for names in GROUPS.values() for name in names)

#: What the closed form weighs beside what was learned, both by their deviation (more finds fewer next items
#: in the shortlist), and beside popularity where nothing was learned; and what transitions weigh in it.
_BESIDE_LEARNED, _BESIDE_POPULARITY, _NEAR_WEIGHT = 0.1, 10.0, 0.3


@dataclass(frozen=True)
class StageOne:
    """Scores of all items for some histories, each [num_queries, num_ranked]."""

    blend: NDArray[np.float32]
    """What the shortlist is drawn by."""
    learned: NDArray[np.float32]
    ease_fast: NDArray[np.float32]
    near: NDArray[np.float32]


def stage_one(evidence: SequenceEvidence, sequences: Sequences) -> StageOne:
    """Learned score + weight · closed form, each minus its mean and over its deviation.

    The closed form is Σ_j e^(−steps back) (B[j, i] + .3 T[j, i]), B of EASE and T of near transitions.
    """
    ease_fast = _spread(evidence.ease, sequences, rate=FAST)
    near = _spread(evidence.near, sequences, rate=FAST)
    learned = evidence.learned_scores(sequences)
    closed_form = standard_scores(ease_fast + _NEAR_WEIGHT * near)
    weight = _BESIDE_LEARNED if evidence.target.shape[1] else _BESIDE_POPULARITY
    return StageOne(standard_scores(learned) + weight * closed_form, learned, ease_fast, near)


def shortlist(blend: NDArray[np.float32], sequences: Sequences, *, size: int) -> NDArray[np.int64]:
    """The `size` best of each query by `blend` that are not in its history, best first, [num_queries, size].

    A query whose history leaves fewer ends with items of its history.
    """
    masked = blend.copy()
    masked[sequences.query, sequences.item] = -np.inf
    size = min(size, masked.shape[1])
    best = np.argpartition(-masked, size - 1, axis=1)[:, :size]
    order = np.lexsort((best, -np.take_along_axis(masked, best, axis=1)), axis=1)
    return np.take_along_axis(best, order, axis=1)


def features(
    evidence: SequenceEvidence, sequences: Sequences, scores: StageOne, candidates: NDArray[np.int64]
) -> NDArray[np.float32]:
    """`NAMES` of each candidate, [num_queries, size, len(NAMES)]; `candidates` [num_queries, size]."""

    def spread(rows: SparseRows, rate: float) -> NDArray[np.float32]:
        return np.take_along_axis(_spread(rows, sequences, rate=rate), candidates, axis=1)

    def taken(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.take_along_axis(values, candidates, axis=1)

    shape = candidates.shape
    columns: dict[str, NDArray[np.floating]] = {
        "blend": taken(scores.blend),
        "position": np.broadcast_to(np.arange(shape[1]), shape),
        "learned": taken(scores.learned) - scores.learned.max(axis=1, keepdims=True),
        "ease_flat": spread(evidence.ease, FLAT) / np.sqrt(np.maximum(sequences.lengths, 1))[:, np.newaxis],
        "ease_slow": spread(evidence.ease, SLOW),
        "ease_fast": taken(scores.ease_fast),
        "ease_latest": spread(evidence.ease, LATEST),
        "near": taken(scores.near),
        "near_latest": spread(evidence.near, LATEST),
        "back": spread(evidence.back, FAST),
        "wide": spread(evidence.wide, SLOW),
        "wide_latest": spread(evidence.wide, LATEST),
        "events": np.log1p(evidence.events)[candidates],
        "last_events": np.log1p(evidence.last_events)[candidates],
        "history_size": np.broadcast_to(sequences.lengths[:, np.newaxis], shape),
    }
    for group, code in zip(LEVELS, evidence.groups, strict=True):
        columns[f"{group}_latest"] = _affinity(code, sequences, candidates, rate=LATEST)
        columns[f"{group}_slow"] = _affinity(code, sequences, candidates, rate=SLOW)
    return np.stack([columns[name] for name in NAMES], axis=2).astype(np.float32)


def _spread(rows: SparseRows, sequences: Sequences, *, rate: float) -> NDArray[np.float32]:
    weights = decayed(sequences, rate=rate)
    said = weights > 0
    return rows.weighted_sums(
        sequences.item[said],
        weights=weights[said],
        queries=sequences.query[said],
        num_queries=len(sequences),
    )


def _affinity(
    code: NDArray[np.int32], sequences: Sequences, candidates: NDArray[np.int64], *, rate: float
) -> NDArray[np.float64]:
    """What the events of the candidate's code weigh; NaN for a candidate without one."""
    num_codes = int(code.max(initial=-1)) + 2
    place = sequences.query * num_codes + code[sequences.item] + 1
    sums = np.bincount(place, decayed(sequences, rate=rate), minlength=len(sequences) * num_codes)
    asked = code[candidates]
    found = sums[np.arange(len(sequences))[:, np.newaxis] * num_codes + asked + 1]
    return np.where(asked >= 0, found, np.nan)
