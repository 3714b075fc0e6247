"""Protocol D's task: find the bundles in a session's items; and the metrics against annotated ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.exports.bundlerec import BundleRec

Bundle = frozenset[str]

METRICS = ("precision", "recall", "match", "hit precision", "hit recall", "coverage", "bundles")


@dataclass(frozen=True)
class SessionTask:
    """One session with an annotated bundle."""

    session_id: str
    items: tuple[str, ...]
    """Those that the public files describe: a missing title would give the others away."""
    bundles: tuple[Bundle, ...]
    """Those that annotators found, at least one."""


#: Bundles composed of the items of one session, each of at least two, none twice.
ComposeSession = Callable[[SessionTask], Sequence[Bundle]]


@dataclass(frozen=True)
class Split:
    """Sessions split at random."""

    learned: tuple[SessionTask, ...]
    validation: tuple[SessionTask, ...]
    test: tuple[SessionTask, ...]
    held_out: frozenset[str]
    """Ids of all sessions, with bundles or without, of validation and test."""


def split_sessions(data: BundleRec, *, seed: int) -> Split:
    """A fifth of all is test, a fifth of the others validation; sessions without a bundle are no tasks."""
    order = np.random.default_rng(seed).permutation(len(data.sessions))
    num_test = len(order) // 5
    num_validation = (len(order) - num_test) // 5
    parts = np.split(order, [num_test, num_test + num_validation])
    tasks = [
        tuple(
            SessionTask(session.session_id, session.described, tuple(items for _, items in session.bundles))
            for session in (data.sessions[number] for number in part)
            if session.bundles
        )
        for part in parts
    ]
    held_out = frozenset(data.sessions[number].session_id for part in parts[:2] for number in part)
    return Split(learned=tasks[2], validation=tasks[1], test=tasks[0], held_out=held_out)


def session_values(compose: ComposeSession, tasks: Sequence[SessionTask]) -> dict[str, NDArray[np.float64]]:
    """`METRICS` of each session, [len(tasks)] each; NaN for the coverage of a session without a hit."""
    rows = [_values(tuple(compose(task)), task.bundles) for task in tasks]
    return {metric: np.array([row[metric] for row in rows]) for metric in METRICS}


def session_means(values: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Mean of each metric over the sessions that have it."""
    return {
        metric: float(np.nanmean(column)) if np.isfinite(column).any() else 0.0
        for metric, column in values.items()
    }


def _values(composed: Sequence[Bundle], annotated: Sequence[Bundle]) -> dict[str, float]:
    """Metrics of one session; 0 where nothing was composed.

    With J Jaccard's index and m(x) the bundle of the other side with the greatest J(x, ·):

    precision = mean over composed c of |c ∩ m(c)| / |c|
    recall    = mean over annotated b of |b ∩ m(b)| / |b|
    match     = mean of both sides' mean J(x, m(x)): bundles lose by being too small or too large

    and, as the data set's authors count (Sun et al. 2022), where c hits b if c ⊆ b:

    hit precision = composed that hit / composed
    hit recall    = annotated that are hit / annotated
    coverage      = mean over composed that hit of |c| / |smallest b that it hits|
    """
    if not composed:
        return dict.fromkeys(METRICS, 0.0) | {"coverage": float("nan")}
    matches = [(each, _most_similar(each, annotated)) for each in composed]
    found = [(each, _most_similar(each, composed)) for each in annotated]
    hits = [(each, min(sizes)) for each in composed if (sizes := [len(b) for b in annotated if each <= b])]
    overlap = [np.mean([_jaccard(*pair) for pair in side]) for side in (matches, found)]
    return {
        "precision": float(np.mean([len(each & other) / len(each) for each, other in matches])),
        "recall": float(np.mean([len(each & other) / len(each) for each, other in found])),
        "match": float(np.mean(overlap)),
        "hit precision": len(hits) / len(composed),
        "hit recall": float(np.mean([any(each <= bundle for each in composed) for bundle in annotated])),
        "coverage": float(np.mean([len(each) / size for each, size in hits])) if hits else float("nan"),
        "bundles": float(len(composed)),
    }


def _most_similar(bundle: Bundle, others: Sequence[Bundle]) -> Bundle:
    return max(others, key=lambda other: _jaccard(bundle, other))


def _jaccard(one: Bundle, other: Bundle) -> float:
    return len(one & other) / len(one | other)
