"""What item vectors are made of: columns of an artifact that explaining reads and serving leaves on disk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.text_column import TextColumn


@dataclass(frozen=True)
class EncoderParts:
    """The encoder (`gnn.network.encoder.HeteroEncoder`) after training; without rows where there is no GNN.

    Nodes are the ranked items, then the categories, then the brands, as `Categories` and `Catalogue.brand`
    count them. Rows of compressed parts are ranked items.
    """

    embedding: NDArray[np.float32]
    """E, of each node and role, the scales of the head folded in, [num_nodes, 3, d]."""
    member_indptr: NDArray[np.int64]
    member: NDArray[np.int32]
    """Nodes that an item is made of: itself, its category with all above it, its brand."""
    relations: TextColumn
    """Names of the item–item relations."""
    relation_weight: NDArray[np.float32]
    """w of each layer, relation and role, [num_layers, num_relations, 3]."""
    neighbour_indptr: NDArray[np.int64]
    neighbour: NDArray[np.int32]
    """Ranked items that an item receives from."""
    neighbour_relation: NDArray[np.uint8]
    """Along which relation."""
    neighbour_share: NDArray[np.float32]
    """Entries of the normalised relation Â."""

    @classmethod
    def none(cls) -> EncoderParts:
        """Of a model that has no GNN."""
        return cls(
            embedding=np.zeros((0, 3, 0), dtype=np.float32),
            member_indptr=np.zeros(1, dtype=np.int64),
            member=np.zeros(0, dtype=np.int32),
            relations=TextColumn.of([]),
            relation_weight=np.zeros((0, 0, 3), dtype=np.float32),
            neighbour_indptr=np.zeros(1, dtype=np.int64),
            neighbour=np.zeros(0, dtype=np.int32),
            neighbour_relation=np.zeros(0, dtype=np.uint8),
            neighbour_share=np.zeros(0, dtype=np.float32),
        )
