"""Kernel EASE: EASE over bundles, with their contents and what users bought as further vocabulary.

EASE (Steck 2019) regresses each bundle on all others. Here a user's row is its bundles x_u and features φ_u
(`gnn.components.bundle_ranking.user_features`), and the ridge of the bundles is Λ = λ(I + c K₀), K₀ the cosine of their
contents, so that bundles of the same items share weights. The matrix over all of this vocabulary is never
made: with X the choices of the users that are fitted,

    A = X Λ⁻¹    K = A Xᵀ + φ φᵀ / λ    M = (I + K)⁻¹    d = diag Λ⁻¹ − Σ_u A_u ∘ (M A)_u

    score(u) = x_u − (M A)_u / d                                     for a user that is fitted
    score(u) = x_u + (k_u M A − x_u Λ⁻¹) / d,  k_u = x_u Λ⁻¹ Xᵀ + φ_u φᵀ / λ    for any other

by the inversion lemma (Woodbury 1950) on Steck's equation 8, whose constraint keeps a bundle from explaining
itself: a bundle that the user chose is scored by all else. With c = 0 and no features it is EASE. Time grows
with the cube of the users that are fitted, so that there are at most `MAX_USERS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from gnn.components.bundle_ranking.user_features import FeatureWeights, UserFeatures, unit_rows, user_features
from gnn.data.bundle_choices import BundleChoices

#: Users that are fitted, those with the most choices; their matrix is 0.5 GB. The others are scored as new.
MAX_USERS = 8_000

#: Bundles up to which contents shape the ridge: its inverse is dense.
MAX_CONTENT_BUNDLES = 10_000


@dataclass(frozen=True)
class KernelEaseParams:
    """Strengths, as measured on Youshu's validation; around them little changes."""

    ridge: float = 300.0
    """λ"""
    content: float = 0.12
    """c"""
    features: FeatureWeights = field(default_factory=FeatureWeights)


@dataclass(frozen=True)
class KernelEase:
    """The fitted form; scores any user of its choices."""

    choices: BundleChoices
    params: KernelEaseParams
    users: NDArray[np.int64]
    """Users that were fitted, ascending, [N]."""
    features: UserFeatures
    """Theirs."""
    prior: NDArray[np.float32] | None
    """Λ⁻¹, [num_bundles, num_bundles]; none where it is I / λ."""
    dual: NDArray[np.float32]
    """M A, [N, num_bundles]"""
    diagonal: NDArray[np.float32]
    """d, [num_bundles]"""

    def score(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores of all bundles, [len(users), num_bundles]; 0 for a user of whom nothing is known."""
        scores = np.empty((len(users), self.choices.num_bundles), dtype=np.float32)
        is_fitted = np.isin(users, self.users)
        scores[is_fitted] = -self.dual[np.searchsorted(self.users, users[is_fitted])]
        scores[~is_fitted] = self._explained(users[~is_fitted])
        scores /= self.diagonal
        scores += self.choices.chosen[users].toarray()
        return scores

    def _explained(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        if not len(users):
            return np.zeros((0, self.choices.num_bundles), dtype=np.float32)
        spread = _times_prior(self.choices.chosen[users], self.prior, self.params.ridge)
        features = user_features(self.choices, users, weights=self.params.features)
        kernel = (self.choices.chosen[self.users] @ spread.T).T
        features.add_kernel(kernel, self.features, scale=1 / self.params.ridge)
        return np.asarray(kernel @ self.dual - spread, dtype=np.float32)


def fit_kernel_ease(
    choices: BundleChoices, *, params: KernelEaseParams | None = None, max_users: int = MAX_USERS
) -> KernelEase:
    """Fit to the users with choices, at most `max_users`: those with the most, the earlier of equals."""
    chosen_params = params or KernelEaseParams()
    ridge = chosen_params.ridge
    num_chosen = np.diff(choices.chosen.indptr)
    order = np.argsort(-num_chosen, kind="stable")[:max_users]
    users = np.sort(order[num_chosen[order] > 0]).astype(np.int64)
    chosen = choices.chosen[users]
    features = user_features(choices, users, weights=chosen_params.features)
    prior = _prior(choices.contains, ridge, chosen_params.content)
    spread = _times_prior(chosen, prior, ridge)
    kernel = (chosen @ spread.T).astype(np.float64)
    features.add_kernel(kernel, features, scale=1 / ridge)
    kernel[np.diag_indices_from(kernel)] += 1.0
    factor = cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)
    dual = cho_solve(factor, spread.astype(np.float64), overwrite_b=True, check_finite=False)
    diagonal = _diagonal(prior, ridge, choices.num_bundles) - np.einsum("un,un->n", spread, dual)
    return KernelEase(
        choices=choices,
        params=chosen_params,
        users=users,
        features=features,
        prior=prior,
        dual=dual.astype(np.float32),
        diagonal=diagonal.astype(np.float32),
    )


def _prior(contains: csr_matrix, ridge: float, content: float) -> NDArray[np.float32] | None:
    """Λ⁻¹, none where contents say nothing or are too many."""
    num_bundles = contains.shape[0]
    if not content or not contains.nnz or num_bundles > MAX_CONTENT_BUNDLES:
        return None
    rows = unit_rows(contains)
    penalty = content * (rows @ rows.T).toarray().astype(np.float64)
    penalty[np.diag_indices_from(penalty)] += 1.0
    inverse = cho_solve(
        cho_factor(penalty, lower=True, overwrite_a=True, check_finite=False), np.eye(num_bundles) / ridge
    )
    return np.asarray(inverse, dtype=np.float32)


def _times_prior(chosen: csr_matrix, prior: NDArray[np.float32] | None, ridge: float) -> NDArray[np.float32]:
    if prior is None:
        return np.asarray(chosen.toarray() / np.float32(ridge), dtype=np.float32)
    return np.asarray(chosen @ prior, dtype=np.float32)


def _diagonal(prior: NDArray[np.float32] | None, ridge: float, num_bundles: int) -> NDArray[np.float64]:
    if prior is None:
        return np.full(num_bundles, 1 / ridge)
    return np.diag(prior).astype(np.float64)
