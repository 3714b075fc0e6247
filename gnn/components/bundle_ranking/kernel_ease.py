"""Kernel EASE: EASE over bundles, with their contents and users' purchases as further features.

EASE (Steck 2019) regresses each bundle on all others. Here a user's row is its bundles x_u and features φ_u
(`user_features`), and the ridge of the bundles is Λ = λ(I + c K₀), K₀ the cosine of their contents, so that
bundles of the same items share weights. The matrix over all of these columns is never made: with X the
choices of the fitted users,

    A = X Λ⁻¹    K = A Xᵀ + φ φᵀ / λ    M = (I + K)⁻¹    d = diag Λ⁻¹ − Σ_u A_u ∘ (M A)_u

    score(u) = x_u − (M A)_u / d                                     for a fitted user
    score(u) = x_u + (k_u M A − x_u Λ⁻¹) / d,  k_u = x_u Λ⁻¹ Xᵀ + φ_u φᵀ / λ    for any other

by the inversion lemma (Woodbury 1950) on Steck's equation 8, whose constraint keeps a bundle from explaining
itself: a bundle that the user chose is scored by all else. With c = 0 and no features it is EASE. Time grows
with the cube of the number of fitted users, so there are at most `MAX_USERS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, diags_array

from gnn.data.bundle_choices import BundleChoices

#: Users that are fitted, those with the most choices; their matrix is 0.5 GB. The others are scored as new.
MAX_USERS = 8_000

#: Bundles up to which contents shape the ridge: its inverse is dense.
MAX_CONTENT_BUNDLES = 10_000


@dataclass(frozen=True)
class FeatureWeights:
    """Weight of each kind of feature, relative to 1 for a chosen bundle; measured on Youshu."""

    affinity: float = 7.2
    """Which bundles hold what the user bought."""
    contents: float = 1.0
    """The items of the bundles that the user chose."""
    neighbours: float = 0.5
    """Bundles of similar contents to those that the user chose."""


@dataclass(frozen=True)
class KernelEaseParams:
    """Strength of the ridge and of the features, tuned on Youshu's validation; the optimum is flat."""

    ridge: float = 300.0
    """λ"""
    content: float = 0.12
    """c"""
    features: FeatureWeights = field(default_factory=FeatureWeights)


@dataclass(frozen=True)
class UserFeatures:
    """Weighted features of some users; a kind without data is left out."""

    blocks: tuple[NDArray[np.float32] | csr_matrix, ...]
    """Each [num_users, any]; a row has length √weight, or 0 where the user has nothing of the kind."""

    def add_kernel(self, kernel: NDArray[Any], other: UserFeatures, *, scale: float) -> None:
        """Add to `kernel` the products of these users' features with those of `other`, times `scale`.

        `kernel` is [num_users, num_other]: it is large, so it is changed in place.
        """
        for rows, columns in zip(self.blocks, other.blocks, strict=True):
            product = rows @ columns.T
            kernel += scale * (product.toarray() if isinstance(product, csr_matrix) else product)


@dataclass(frozen=True)
class KernelEase:
    """A fitted kernel EASE; it scores any user of its choices."""

    choices: BundleChoices
    params: KernelEaseParams
    users: NDArray[np.int64]
    """User index of each fitted user, ascending, [N]."""
    features: UserFeatures
    """Features of the fitted users."""
    prior: NDArray[np.float32] | None
    """Λ⁻¹, [num_bundles, num_bundles]; none where it is I / λ."""
    dual: NDArray[np.float32]
    """M A, [N, num_bundles]"""
    diagonal: NDArray[np.float32]
    """d, [num_bundles]"""

    def score(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores of all bundles, [len(users), num_bundles]; 0 for a user without choices and purchases."""
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
    """Fit to the `max_users` users with the most choices, earlier users first among equals."""
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


def user_features(
    choices: BundleChoices, users: NDArray[np.int64], *, weights: FeatureWeights
) -> UserFeatures:
    """The features of `users`; r(·) scales rows to unit length.

    affinity    r(r(H idf) r(C idf)ᵀ)      H: items bought, C: contents of bundles, idf = log(N / n_i)
    contents    r(X r(C))
    neighbours  r(X r(C) r(C)ᵀ)
    """
    if not choices.contains.nnz:
        return UserFeatures(())
    contains = unit_rows(choices.contains)
    held = unit_rows(choices.chosen[users] @ contains)
    blocks: list[NDArray[np.float32] | csr_matrix] = []
    if weights.affinity and choices.bought.nnz:
        bought = choices.bought[users]
        blocks.append(np.float32(weights.affinity**0.5) * affinity(choices.contains, bought))
    if weights.contents:
        blocks.append(csr_matrix(np.float32(weights.contents**0.5) * held))
    if weights.neighbours:
        near = (held @ contains.T).toarray()
        blocks.append(np.float32(weights.neighbours**0.5) * _unit_dense(near))
    return UserFeatures(tuple(blocks))


def affinity(contains: csr_matrix, bought: csr_matrix) -> NDArray[np.float32]:
    """Cosines of `bought` [B, num_items] and each bundle, both with idf, in unit rows, [B, num_bundles].

    idf_i = log(N / n_i), N bundles of which n_i hold item i (Spärck Jones 1972); an item that all bundles
    hold, or none, has no weight.
    """
    num_holding = np.bincount(contains.indices, minlength=contains.shape[1])
    idf = diags_array(np.log(contains.shape[0] / np.maximum(num_holding, 1)).astype(np.float32))
    cosine = unit_rows(csr_matrix(bought @ idf)) @ unit_rows(csr_matrix(contains @ idf)).T
    return _unit_dense(cosine.toarray())


def unit_rows(matrix: csr_matrix) -> csr_matrix:
    """Each row divided by its Euclidean length; empty rows stay."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    factors = np.divide(1.0, lengths, out=np.zeros(len(lengths)), where=lengths > 0)
    return csr_matrix(diags_array(factors.astype(np.float32)) @ matrix)


def _prior(contains: csr_matrix, ridge: float, content: float) -> NDArray[np.float32] | None:
    """Λ⁻¹, none where there are no contents or too many bundles."""
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


def _unit_dense(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)
