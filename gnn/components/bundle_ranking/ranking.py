"""The ranking of bundles for users who chose some before: kernel EASE and a GNN, fused by rank."""

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
from gnn.scoring.containers import Csr

#: Weights of the models where validation does not choose them; tuned on Youshu.
DEFAULT_WEIGHTS: Mapping[str, float] = MappingProxyType({"kernel_ease": 1.0, "gnn": 1.0})

#: Bundles that are kept for each user, beside as many as the user chose: a request may exclude those.
LIST_LENGTH = 100

#: A larger offset makes ranks differ less: from 5 to 60 it makes no difference on Youshu.
_RANK_OFFSET = 20

_WEIGHTS = (0.0, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
_USERS_A_BLOCK = 500


@dataclass(frozen=True)
class FusedRanking:
    """The fitted models of one set of choices, and their weights."""

    choices: BundleChoices
    ease: KernelEase | None
    """None where nobody chose anything."""
    views: tuple[ViewVectors, ...]
    """Of one network each; empty where there was too little to train on."""
    weights: Mapping[str, float]
    """Weight of each of `scorers`."""

    @property
    def num_epochs(self) -> tuple[int, ...]:
        """Epochs after which each network was best."""
        return tuple(vectors.num_epochs for vectors in self.views)

    def score(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Σ_m w_m / (20 + rank by model m), [len(users), num_bundles]; 0 where nothing is fitted.

        Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009), for users who chose a bundle. A bundle that
        was chosen is ranked among those that were not.
        """
        total = np.zeros((len(users), self.choices.num_bundles), dtype=np.float32)
        for name, values in self.reciprocal_ranks(users).items():
            total += np.float32(self.weights[name]) * values
        return total

    def scorers(self) -> dict[str, ScoreUsers]:
        """The fitted models by name: `kernel_ease`, and `gnn`, the sum of its networks' cosines."""
        scorers: dict[str, ScoreUsers] = {} if self.ease is None else {"kernel_ease": self.ease.score}
        return scorers | ({"gnn": self._summed_cosines} if self.views else {})

    def reciprocal_ranks(self, users: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """The terms of `score` before the weights, by model."""
        chosen = self.choices.chosen[users].toarray() > 0
        return {name: reciprocal_ranks(score(users), chosen) for name, score in self.scorers().items()}

    def top_lists(self, *, length: int = LIST_LENGTH) -> Csr:
        """Best bundles of each user who chose one, best first: `length`, and as many more as it chose."""
        num_chosen = np.diff(self.choices.chosen.indptr).astype(np.int64)
        lengths = np.where(num_chosen > 0, np.minimum(num_chosen + length, self.choices.num_bundles), 0)
        bundles, values = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.float32)]
        users = np.flatnonzero(lengths)
        for start in range(0, len(users), _USERS_A_BLOCK):
            block = users[start : start + _USERS_A_BLOCK]
            for kept, scores in zip(lengths[block], self.score(block), strict=True):
                best = np.argsort(-scores, kind="stable")[:kept].astype(np.int32)
                bundles.append(best)
                values.append(scores[best])
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Csr(indptr, np.concatenate(bundles), np.concatenate(values))

    def _summed_cosines(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        cosines = [vectors.score(users) for vectors in self.views]
        return np.asarray(np.sum(cosines, axis=0, dtype=np.float32))


def fit_weights(ranking: FusedRanking, validation: csr_matrix) -> dict[str, float]:
    """Weights under which the new choices in `validation` rank best, by the sum of Recall@20 and NDCG@20.

    Kernel EASE has weight 1, so only the network's is chosen. `ranking` must have both models.
    """
    users = np.flatnonzero(np.diff(validation.indptr))
    ranks = ranking.reciprocal_ranks(users)

    def quality(weight: float) -> float:
        scores = ranks["kernel_ease"] + np.float32(weight) * ranks["gnn"]
        lists = rank_lists(
            lambda block: scores[np.searchsorted(users, block)],
            validation,
            masked=ranking.choices.chosen,
            k=20,
            rng=np.random.default_rng(0),
        )
        return float(recalls_at_k(lists, 20).mean() + ndcgs_at_k(lists, 20).mean())

    return {"kernel_ease": 1.0, "gnn": max(_WEIGHTS, key=quality)}


def reciprocal_ranks(scores: NDArray[np.float32], passed_over: NDArray[np.bool_]) -> NDArray[np.float32]:
    """1 / (20 + rank from 1) of each score in its row, [B, N]; earlier columns first among equals.

    Columns that are `passed_over` take no rank from others: each gets the rank it would have among them.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    is_counted = ~np.take_along_axis(passed_over, order, axis=1)
    rank = np.cumsum(is_counted, axis=1) - is_counted + 1
    values = np.empty(scores.shape, dtype=np.float32)
    np.put_along_axis(values, order, np.asarray(1 / (_RANK_OFFSET + rank), dtype=np.float32), axis=1)
    return values
