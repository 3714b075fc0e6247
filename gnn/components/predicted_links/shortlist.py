"""Shortlists: pairs that may be links, the best by each kind of evidence, with their features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.predicted_links.evidence import PairEvidence

#: How many of each item's best candidates a kind of evidence puts on the shortlist.
QUOTAS = {
    "resource_allocation": 80,
    "adamic_adar": 80,
    "out_out": 60,
    "any_target": 50,
    "target_any": 40,
    "cosine": 30,
    "users": 30,
    "baskets": 30,
    "content": 10,
    "similar_target": 20,
    "target_similar": 20,
}

#: Evidence that is also a feature as a share of the item's largest, and as a rank on its shortlist.
_RELATIVE = (
    "resource_allocation",
    "adamic_adar",
    "out_out",
    "any_target",
    "cosine",
    "users",
    "baskets",
    "similar_target",
    "target_similar",
)

#: Pairs of a block of dense evidence: 17 kinds of it are 140 MB.
_BLOCK_PAIRS = 2_000_000


@dataclass(frozen=True)
class LinkShortlist:
    """Candidates of some items, those of one item together. Items are places of `PairEvidence`."""

    items: NDArray[np.int64]
    """[Q]"""
    sizes: NDArray[np.int64]
    """How many candidates each has, [Q]; may be 0."""
    candidates: NDArray[np.int64]
    """Ascending within an item, [N]."""
    features: NDArray[np.float32]
    """[N, F], columns as `link_feature_names`."""

    @property
    def rows(self) -> NDArray[np.int64]:
        """Index in `items` of the item that each candidate is of, [N]."""
        return np.repeat(np.arange(len(self.items)), self.sizes)

    @property
    def sources(self) -> NDArray[np.int64]:
        """The item that each candidate is of, [N]."""
        return self.items[self.rows]


def link_shortlists(
    evidence: PairEvidence, items: NDArray[np.integer], *, excluded: csr_matrix
) -> Iterator[LinkShortlist]:
    """Shortlists of `items` (places), in blocks whose memory does not grow with the catalogue.

    Never a candidate: the item itself, one that is not 0 in `excluded` [n, n], one without any evidence.
    """
    block = max(1, _BLOCK_PAIRS // max(evidence.known.shape[0], 1))
    for start in range(0, len(items), block):
        part = np.asarray(items[start : start + block], dtype=np.int64)
        yield _shortlist(evidence, part, excluded=excluded)


def link_feature_names(evidence: PairEvidence) -> list[str]:
    """Names of the columns of `LinkShortlist.features`."""
    return [
        *evidence.factors,
        *(f"{name} of largest" for name in _relative(evidence)),
        *(f"rank by {name}" for name in _relative(evidence)),
        *(f"{end} of {name}" for name in evidence.ends for end in ("item", "candidate")),
    ]


def _shortlist(evidence: PairEvidence, items: NDArray[np.int64], *, excluded: csr_matrix) -> LinkShortlist:
    is_open: NDArray[np.bool_] = excluded[items].toarray() == 0
    is_open[np.arange(len(items)), items] = False
    values = {name: np.where(is_open, dense, 0) for name, dense in evidence.of(items).items()}
    is_candidate = np.zeros_like(is_open)
    for name in QUOTAS.keys() & values.keys():
        is_candidate |= _largest(values[name], QUOTAS[name])
    rows, candidates = is_candidate.nonzero()
    sizes = is_candidate.sum(axis=1)
    columns = [values[name][rows, candidates] for name in evidence.factors]
    largest = {name: np.maximum(dense.max(axis=1, initial=0), 1e-9) for name, dense in values.items()}
    relative = _relative(evidence)
    columns += [values[name][rows, candidates] / largest[name][rows] for name in relative]
    columns += [_rank_within(values[name][rows, candidates], rows, sizes) for name in relative]
    columns += [end[of] for end in evidence.ends.values() for of in (items[rows], candidates)]
    return LinkShortlist(
        items=items,
        sizes=sizes.astype(np.int64),
        candidates=candidates.astype(np.int64),
        features=np.stack(columns, axis=1).astype(np.float32),
    )


def _relative(evidence: PairEvidence) -> list[str]:
    return [name for name in _RELATIVE if name in evidence.factors]


def _largest(values: NDArray[np.float32], quota: int) -> NDArray[np.bool_]:
    """Which of each row are its `quota` largest and above 0."""
    if quota >= values.shape[1]:
        return values > 0
    largest = np.argpartition(-values, quota, axis=1)[:, :quota]
    is_large = np.zeros(values.shape, dtype=np.bool_)
    np.put_along_axis(is_large, largest, True, axis=1)
    return is_large & (values > 0)


def _rank_within(
    values: NDArray[np.float32], rows: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rank of each value within its row, 0 for the largest; `rows` ascend."""
    order = np.lexsort((-values, rows))
    starts = np.cumsum(sizes) - sizes
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.arange(len(values)) - starts[rows[order]]
    return ranks
