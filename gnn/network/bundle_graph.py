"""Graphs of the three views, whole or with choices hidden: what is to be predicted is not in the graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags_array

from gnn.data.bundle_choices import BundleChoices
from gnn.network.propagation import Adjacency, adjacency, normalise_rows


@dataclass(frozen=True)
class ViewGraph:
    """The matrices that `ThreeViews` propagates over; of an empty relation, all are none."""

    chosen: Adjacency
    """Users receive from bundles, symmetric normalisation, [num_users, num_bundles]."""
    mean_chosen: Adjacency
    """A user as the mean of its bundles, [num_users, num_bundles]."""
    bought: Adjacency | None
    """Users receive from items, symmetric normalisation, [num_users, num_items]."""
    contains: Adjacency | None
    """Bundles receive from items, symmetric normalisation, [num_bundles, num_items]."""
    mean_contained: Adjacency | None
    """A bundle as the mean of its items, [num_bundles, num_items]."""


def view_graph(
    choices: BundleChoices,
    *,
    device: torch.device,
    drop_share: float = 0.0,
    rng: np.random.Generator | None = None,
) -> ViewGraph:
    """The graph of `choices`, a share of the normalised edges of each relation left out where `rng` is given.

    What is left is scaled up by 1 / (1 − share), so that sums stay as they were in the mean.
    """

    def prepare(matrix: csr_matrix) -> Adjacency:
        return adjacency(_drop(matrix, drop_share, rng), device=device)

    has_contents = choices.contains.nnz > 0
    return ViewGraph(
        chosen=prepare(symmetric(choices.chosen)),
        mean_chosen=prepare(normalise_rows(choices.chosen)),
        bought=prepare(symmetric(choices.bought)) if has_contents and choices.bought.nnz else None,
        contains=prepare(symmetric(choices.contains)) if has_contents else None,
        mean_contained=(adjacency(normalise_rows(choices.contains), device=device) if has_contents else None),
    )


def hide_choices(
    chosen: csr_matrix, *, share: float, rng: np.random.Generator
) -> tuple[csr_matrix, csr_matrix]:
    """`chosen` as what stays in the graph and what is hidden from it: each choice is hidden with `share`."""
    is_hidden = rng.random(chosen.nnz) < share
    return _where(chosen, ~is_hidden), _where(chosen, is_hidden)


def symmetric(matrix: csr_matrix) -> csr_matrix:
    """D_r^(−½) A D_c^(−½), as in LightGCN (He et al. 2020); empty rows and columns stay."""
    rows, columns = (np.asarray(matrix.sum(axis=axis)).ravel() for axis in (1, 0))
    left, right = (
        np.divide(1.0, np.sqrt(sums), out=np.zeros(len(sums)), where=sums > 0) for sums in (rows, columns)
    )
    return csr_matrix(diags_array(left) @ matrix @ diags_array(right), dtype=np.float32)


def _drop(matrix: csr_matrix, share: float, rng: np.random.Generator | None) -> csr_matrix:
    if rng is None or not share:
        return matrix
    return csr_matrix(_where(matrix, rng.random(matrix.nnz) >= share) / np.float32(1 - share))


def _where(matrix: csr_matrix, is_kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> csr_matrix:
    """The entries of `matrix` that are kept."""
    ends = np.concatenate([[0], np.cumsum(is_kept)])[matrix.indptr]
    return csr_matrix((matrix.data[is_kept], matrix.indices[is_kept], ends), shape=matrix.shape)
