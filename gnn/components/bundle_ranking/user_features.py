"""What is known of users beside the bundles that they chose, as unit rows: features of kernel EASE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from gnn.data.bundle_choices import BundleChoices


@dataclass(frozen=True)
class FeatureWeights:
    """What each kind of feature counts for, where a chosen bundle counts 1; measured on Youshu."""

    affinity: float = 7.2
    """Which bundles hold what the user bought."""
    contents: float = 1.0
    """The items of the bundles that the user chose."""
    neighbours: float = 0.5
    """Bundles of similar contents to those that the user chose."""


@dataclass(frozen=True)
class UserFeatures:
    """Features of some users, weighted; a kind of which nothing is known is left out."""

    blocks: tuple[NDArray[np.float32] | csr_matrix, ...]
    """Each [num_users, any]; a row has length √weight, or 0 where the user has nothing of the kind."""

    def add_kernel(self, kernel: NDArray[Any], other: UserFeatures, *, scale: float) -> None:
        """Add to `kernel` the products of these users' features with those of `other`, times `scale`.

        `kernel` is [num_users, num_other]: it is large, so it is changed in place.
        """
        for ours, theirs in zip(self.blocks, other.blocks, strict=True):
            product = ours @ theirs.T
            kernel += scale * (product.toarray() if isinstance(product, csr_matrix) else product)


def user_features(
    choices: BundleChoices, users: NDArray[np.int64], *, weights: FeatureWeights
) -> UserFeatures:
    """The features of `users`, r(·) making rows of unit length.

    affinity    r(r(H idf) r(C idf)ᵀ)      H: what was bought, C: what bundles hold, idf = log(N / n_i)
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
    """Cosine of `bought` [B, num_items] and each bundle, both with idf, rows made unit, [B, num_bundles].

    idf_i = log(N / n_i), N bundles of which n_i hold item i (Spärck Jones 1972): an item that all bundles
    hold says nothing, and one that none holds could say nothing.
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


def _unit_dense(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)
