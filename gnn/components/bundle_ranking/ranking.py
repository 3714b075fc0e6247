"""The ranking of bundles for users who chose some before: the ranks that its parts give, fused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.bundle_ranking.kernel_ease import KernelEase
from gnn.data.bundle_choices import BundleChoices
from gnn.evaluation.lists import ScoreUsers, ndcgs_at_k, rank_lists, recalls_at_k
from gnn.network.bundle_training import ViewVectors

#: Weights of the parts where no validation says better: measured on Youshu.
DEFAULT_WEIGHTS: Mapping[str, float] = MappingProxyType({"kernel_ease": 1.0, "gnn": 1.0})

#: Ranks below this differ little: from 5 to 60, it makes no difference on Youshu.
_RANK_OFFSET = 20

_TRIED = (0.0, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)


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

    @classmethod
    def none(cls, choices: BundleChoices) -> BundleRanking:
        """That of `choices` without a choice: all scores are 0."""
        return cls(choices, None, (), DEFAULT_WEIGHTS)

    @property
    def num_epochs(self) -> tuple[int, ...]:
        """Epochs after which each network was best."""
        return tuple(vectors.num_epochs for vectors in self.views)

    def score(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Σ_p w_p / (20 + rank by part p), [len(users), num_bundles]; 0 where nothing is fitted.

        Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009), for users who chose a bundle. A bundle that
        was chosen is ranked among those that were not.
        """
        total = np.zeros((len(users), self.choices.num_bundles), dtype=np.float32)
        for name, values in self.fused_parts(users).items():
            total += np.float32(self.weights[name]) * values
        return total

    def parts(self) -> dict[str, ScoreUsers]:
        """What was fitted, by name: `kernel_ease`, and `gnn`, the sum of its networks' cosines."""
        parts: dict[str, ScoreUsers] = {} if self.ease is None else {"kernel_ease": self.ease.score}
        return parts | ({"gnn": self._summed_cosines} if self.views else {})

    def models(self) -> dict[str, ScoreUsers]:
        """The parts, and `served`, for a table of metrics."""
        return self.parts() | {"served": self.score}

    def fused_parts(self, users: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """What `score` adds up, before the weights."""
        chosen = self.choices.chosen[users].toarray() > 0
        return {name: reciprocal_ranks(score(users), chosen) for name, score in self.parts().items()}

    def _summed_cosines(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        cosines = [vectors.score(users) for vectors in self.views]
        return np.asarray(np.sum(cosines, axis=0, dtype=np.float32))


def fit_weights(ranking: BundleRanking, validation: csr_matrix) -> dict[str, float]:
    """Weights under which the new choices in `validation` rank best, by the sum of Recall@20 and NDCG@20.

    The closed form has 1, so there is one number to find. `ranking` is to have both parts.
    """
    users = np.flatnonzero(np.diff(validation.indptr))
    parts = ranking.fused_parts(users)

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


def reciprocal_ranks(scores: NDArray[np.float32], passed_over: NDArray[np.bool_]) -> NDArray[np.float32]:
    """1 / (20 + rank from 1) of each score in its row, [B, N]; the earlier of equals first.

    Those `passed_over` take no place: each has the rank that it would have among the others.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    is_counted = ~np.take_along_axis(passed_over, order, axis=1)
    rank = np.cumsum(is_counted, axis=1) - is_counted + 1
    values = np.empty(scores.shape, dtype=np.float32)
    np.put_along_axis(values, order, np.asarray(1 / (_RANK_OFFSET + rank), dtype=np.float32), axis=1)
    return values
