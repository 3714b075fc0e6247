"""The ranking of bundles for users who chose some before: a weighted sum of standardised parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.bundle_ranking.choices import BundleChoices
from gnn.bundle_ranking.kernel_ease import KernelEase
from gnn.bundle_ranking.training import ViewVectors
from gnn.evaluation.lists import ndcgs_at_k, rank_lists, recalls_at_k

#: Weights of the parts where no validation says better: measured on Youshu.
DEFAULT_WEIGHTS: Mapping[str, float] = MappingProxyType({"kernel_ease": 1.0, "gnn": 0.8})

_TRIED = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 3.0)


@dataclass(frozen=True)
class BundleRanking:
    """What was fitted."""

    choices: BundleChoices
    ease: KernelEase | None
    """None where nobody chose anything."""
    views: tuple[ViewVectors, ...]
    """Of one network each; none where there was too little to learn from."""
    weights: Mapping[str, float]
    """Of the parts, by name."""

    @property
    def num_epochs(self) -> tuple[int, ...]:
        """Epochs after which each network was best."""
        return tuple(vectors.num_epochs for vectors in self.views)

    def score(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Σ_p w_p z(scores of part p), z within a user, [len(users), num_bundles].

        For users who chose a bundle; one that was chosen is scored like any other. 0 where nothing is fitted.
        """
        total = np.zeros((len(users), self.choices.num_bundles), dtype=np.float32)
        for name, scores in self.part_scores(users).items():
            total += np.float32(self.weights[name]) * standardise(scores)
        return total

    def part_scores(self, users: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """Scores of each part that was fitted, [len(users), num_bundles] each: `kernel_ease`, `gnn`."""
        parts = {} if self.ease is None else {"kernel_ease": self.ease.score(users)}
        if self.views:
            parts["gnn"] = np.sum([vectors.score(users) for vectors in self.views], axis=0, dtype=np.float32)
        return parts


def fit_weights(ranking: BundleRanking, validation: csr_matrix) -> dict[str, float]:
    """Weights under which the new choices in `validation` rank best, by the sum of Recall@20 and NDCG@20.

    The closed form has 1, so there is one number to find. `ranking` is to have both parts.
    """
    users = np.flatnonzero(np.diff(validation.indptr))
    parts = {name: standardise(scores) for name, scores in ranking.part_scores(users).items()}

    def value(weight: float) -> float:
        scores = parts["kernel_ease"] + np.float32(weight) * parts["gnn"]
        lists = rank_lists(
            lambda asked: scores[np.searchsorted(users, asked)],
            validation,
            masked=ranking.choices.chosen,
            k=20,
            rng=np.random.default_rng(0),
        )
        return float(recalls_at_k(lists, 20).mean() + ndcgs_at_k(lists, 20).mean())

    return {"kernel_ease": 1.0, "gnn": max(_TRIED, key=value)}


def standardise(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row less its mean, divided by its standard deviation; a constant row is 0."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1), dtype=np.float32)
