"""Fitting the ranker of links: known pairs are hidden, a fold at a time, and to be found from all the others.

A pair's own link must not speak for it, nor may its absence: each fold's evidence is of the graph without
its pairs, and whether two items are linked by another kind is no evidence at all. So training asks what
prediction asks: by what is around them, which pairs belong together?
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.components.boosted_trees import TreeParams, fit_ranker
from gnn.components.predicted_links.evidence import PairEvidence
from gnn.components.predicted_links.shortlist import Shortlist, feature_names, shortlists
from gnn.scoring.trees import Ranker

logger = logging.getLogger(__name__)

NUM_FOLDS = 5

#: Hidden pairs that are learned from, at most: their shortlists are 1.2 GB. More teach little and cost time.
MAX_PAIRS = 10_000

_PARAMS = TreeParams(num_trees=150, learning_rate=0.08, min_rows_a_leaf=50)

#: Pairs of places that are hidden, [P, 2] → evidence for all pairs without them.
EvidenceWithout = Callable[[NDArray[np.int64]], PairEvidence]


@dataclass(frozen=True)
class LinkRanker:
    """Ranks shortlists, and says how likely a link is."""

    ranker: Ranker
    intercept: float
    slope: float
    recall: float
    """Share of hidden pairs, from both their ends, that were on the shortlists: what no ranking can pass."""

    def probabilities(self, shortlist: Shortlist) -> NDArray[np.float64]:
        """Of each candidate: that it is a hidden link and not another candidate, at even odds, [N]."""
        scores = self.ranker.score(shortlist.features).astype(np.float64)
        return _sigmoid(self.intercept + self.slope * scores)


@dataclass(frozen=True)
class _Lesson:
    """Shortlists of the items of one fold that found a hidden pair, as `fit_ranker` takes them."""

    features: NDArray[np.float32]
    is_link: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    num_found: int


def fit_links(
    pairs: NDArray[np.int64], evidence_without: EvidenceWithout, *, rng: np.random.Generator, seed: int
) -> LinkRanker | None:
    """The ranker learned from known `pairs` [P, 2] of places; none where hidden pairs are never found.

    All folds but the last teach the trees; the last one says what their scores mean.
    """
    drawn = pairs[rng.permutation(len(pairs))[:MAX_PAIRS]]
    lessons: list[_Lesson] = []
    names: Sequence[str] = ()
    for hidden in np.array_split(drawn, NUM_FOLDS):
        evidence = evidence_without(hidden)
        names = feature_names(evidence)
        lessons.append(_lesson(evidence, hidden))
    *taught, measured = lessons
    if not measured.num_found or not any(lesson.num_found for lesson in taught):
        return None
    trees = fit_ranker(
        np.concatenate([lesson.features for lesson in taught]),
        np.concatenate([lesson.is_link for lesson in taught]).astype(np.int64),
        np.concatenate([lesson.sizes for lesson in taught]),
        names=names,
        seed=seed,
        params=_PARAMS,
    )
    ranker = Ranker(trees)
    intercept, slope = _fit_sigmoid(ranker.score(measured.features).astype(np.float64), measured.is_link)
    recall = sum(lesson.num_found for lesson in lessons) / (2 * len(drawn))
    logger.info("links learned from %d hidden pairs, %.3f of them on shortlists", len(drawn), recall)
    return LinkRanker(ranker, intercept, slope, recall)


def _lesson(evidence: PairEvidence, hidden: NDArray[np.int64]) -> _Lesson:
    num_places = evidence.known.shape[0]
    both_ways = np.concatenate([hidden, hidden[:, ::-1]])
    hidden_numbers = both_ways[:, 0] * num_places + both_ways[:, 1]
    features, is_link, sizes = [], [], []
    for shortlist in shortlists(evidence, np.unique(hidden), closed=evidence.known_target):
        is_hidden = np.isin(shortlist.askers * num_places + shortlist.candidates, hidden_numbers)
        row = shortlist.rows
        teaches = np.bincount(row, weights=is_hidden, minlength=len(shortlist.places)) > 0
        features.append(shortlist.features[teaches[row]])
        is_link.append(is_hidden[teaches[row]])
        sizes.append(shortlist.sizes[teaches])
    flags = np.concatenate(is_link)
    return _Lesson(np.concatenate(features), flags, np.concatenate(sizes), int(flags.sum()))


def _fit_sigmoid(scores: NDArray[np.float64], is_link: NDArray[np.bool_]) -> tuple[float, float]:
    """Coefficients of σ(a + b · score) by maximum likelihood, both classes of one weight (Platt 1999).

    Newton's method; a small ridge keeps them finite where the scores part the classes completely.
    """
    weight = np.where(is_link, 0.5 / max(is_link.sum(), 1), 0.5 / max((~is_link).sum(), 1))
    inputs = np.stack([np.ones(len(scores)), scores], axis=1)
    coefficients = np.zeros(2)
    ridge = 1e-3 * np.eye(2)
    for _ in range(50):
        probability = _sigmoid(inputs @ coefficients)
        gradient = inputs.T @ (weight * (is_link - probability)) - ridge @ coefficients
        spread = weight * np.maximum(probability * (1 - probability), 1e-6)
        step = np.linalg.solve((inputs.T * spread) @ inputs + ridge, gradient)
        coefficients += step
        if np.abs(step).max() < 1e-6:
            break
    return float(coefficients[0]), float(coefficients[1])


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    # tanh cannot overflow, exp can.
    return np.asarray((1 + np.tanh(logits / 2)) / 2, dtype=np.float64)
