"""An item's vector as a sum: what each node and each neighbour gave to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.encoder_parts import EncoderParts

SOURCE, TARGET, HISTORY = range(3)
#: Where a part of a vector is from, beside the item–item relations.
ITEM, CATEGORY, BRAND = "item", "category", "brand"


class Part(NamedTuple):
    """Whence a part of a vector came."""

    relation: str
    """`item` (its own vector), `category`, `brand`, or the name of an item–item relation."""
    node: int
    """Ranked index of an item, category index, or brand code."""


class VectorParts:
    """Takes the vectors of one encoder apart, by h = h⁰ + Σ_r Σ_j Â_r[i, j] Σ_l w_{l,r} hˡ⁻¹_j."""

    def __init__(self, encoder: EncoderParts, *, num_categories: int) -> None:
        self._encoder = encoder
        self._num_ranked = len(encoder.member_indptr) - 1
        self._num_categories = num_categories
        self._names = list(encoder.relations)
        self._layers = self._propagated()

    def __len__(self) -> int:
        return self._num_ranked

    def of(self, item: int, role: int) -> tuple[list[Part], NDArray[np.float32]]:
        """What a ranked item's vector in a role is the sum of, and each part's vector, [num_parts, d]."""
        encoder = self._encoder
        members = encoder.member[slice(*encoder.member_indptr[item : item + 2])]
        row = slice(*encoder.neighbour_indptr[item : item + 2])
        neighbours, codes = encoder.neighbour[row], encoder.neighbour_relation[row]
        received = np.zeros((len(neighbours), encoder.embedding.shape[2]), dtype=np.float32)
        for layer, weights in zip(self._layers, encoder.relation_weight, strict=False):
            received += weights[codes, role, None] * layer[neighbours, role]
        received *= encoder.neighbour_share[row, None]
        parts = [self._part(node) for node in members.tolist()] + [
            Part(self._names[code], node)
            for code, node in zip(codes.tolist(), neighbours.tolist(), strict=True)
        ]
        return parts, np.concatenate([encoder.embedding[members, role], received])

    def _part(self, node: int) -> Part:
        if node < self._num_ranked:
            return Part(ITEM, node)
        node -= self._num_ranked
        return (
            Part(CATEGORY, node) if node < self._num_categories else Part(BRAND, node - self._num_categories)
        )

    def _propagated(self) -> list[NDArray[np.float32]]:
        """h⁰, …, the layers that items receive from, each [num_ranked, 3, d]."""
        encoder = self._encoder
        of = np.repeat(np.arange(self._num_ranked), np.diff(encoder.member_indptr))
        layers = [_summed(encoder.embedding[encoder.member], of, self._num_ranked)]
        receiver = np.repeat(np.arange(self._num_ranked), np.diff(encoder.neighbour_indptr))
        for weights in encoder.relation_weight[:-1]:
            sent = layers[-1][encoder.neighbour] * weights[encoder.neighbour_relation][:, :, None]
            layers.append(_summed(sent * encoder.neighbour_share[:, None, None], receiver, self._num_ranked))
        return layers


def _summed(rows: NDArray[np.float32], of: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    total = np.zeros((count, *rows.shape[1:]), dtype=np.float32)
    np.add.at(total, of, rows)
    return total
