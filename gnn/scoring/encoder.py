"""The trained encoder, as explanations read it; scoring does without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.csr import Csr, zeros_field
from gnn.scoring.text_column import TextColumn


@dataclass(frozen=True)
class Encoder:
    """Parameters and graph of the encoder (`gnn.network.encoder`); `Encoder()` where there is no GNN.

    Nodes are the ranked items, then the categories, then the brands, as `Categories` and `Catalogue.brand`
    count them.
    """

    embedding: NDArray[np.float32] = zeros_field(np.float32, 0, 3, 0)
    """E, of each node and role, the scales of the head folded in, [num_nodes, 3, d]."""
    member_indptr: NDArray[np.int64] = zeros_field(np.int64, 1)
    """Nodes of ranked item i are `member[member_indptr[i]:member_indptr[i + 1]]`."""
    member: NDArray[np.int32] = zeros_field(np.int32)
    """The item itself, its category with all above it, its brand."""
    relations: TextColumn = TextColumn.of([])
    """Names of the item–item relations."""
    relation_weight: NDArray[np.float32] = zeros_field(np.float32, 0, 0, 3)
    """w of each layer, relation and role, [num_layers, num_relations, 3]."""
    neighbours: Csr = Csr()
    """A row a ranked item, the ranked items that it receives messages from; entries of the normalised Â."""
    neighbour_relation: NDArray[np.uint8] = zeros_field(np.uint8)
    """Relation of each entry of `neighbours`."""
