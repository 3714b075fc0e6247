"""A trained encoder as columns of an artifact, for explanations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gnn.data.hetero_data import IN_CATEGORY, MADE_BY, HeteroData
from gnn.network.encoder import HeteroEncoder
from gnn.scoring.encoder_parts import EncoderParts
from gnn.scoring.text_column import TextColumn

_Columns = Sequence[NDArray[np.generic]]


def pack_encoder(
    encoder: HeteroEncoder, graph: HeteroData, *, role_scale: tuple[float, float, float]
) -> EncoderParts:
    """The embeddings and edges of `encoder`; the head multiplies its tables by `role_scale`, by role."""
    scale = np.array(role_scale, dtype=np.float32)[:, None]
    embedding = np.concatenate([_array(vectors) for vectors in encoder.embedding.values()])
    num_items, num_categories = graph["Item"].num_nodes, graph["Category"].num_nodes
    item = np.arange(num_items)
    category, brand = (graph[edge_type].edge_index.numpy() for edge_type in (IN_CATEGORY, MADE_BY))
    member_indptr, member = _by_item(
        [item, category[0], brand[0]],
        [item, num_items + category[1], num_items + num_categories + brand[1]],
        num_items=num_items,
    )
    edges = [graph[edge_type].edge_index.numpy() for edge_type in encoder.relations]
    shares = [_array(graph[edge_type].edge_weight) for edge_type in encoder.relations]
    neighbour_indptr, neighbour, relation, share = _by_item(
        [edge[0] for edge in edges],
        [edge[1] for edge in edges],
        [np.full(len(share), code) for code, share in enumerate(shares)],
        shares,
        num_items=num_items,
    )
    return EncoderParts(
        embedding=embedding.reshape(len(embedding), len(scale), -1) * scale,
        member_indptr=member_indptr.astype(np.int64),
        member=member.astype(np.int32),
        relations=TextColumn.of([name for _, name, _ in encoder.relations]),
        relation_weight=_array(encoder.relation_weight),
        neighbour_indptr=neighbour_indptr.astype(np.int64),
        neighbour=neighbour.astype(np.int32),
        neighbour_relation=relation.astype(np.uint8),
        neighbour_share=share.astype(np.float32),
    )


def _by_item(items: _Columns, *columns: _Columns, num_items: int) -> tuple[NDArray[np.generic], ...]:
    """Row pointers of items, and the other columns in their order; each column comes in parts."""
    first, *others = (np.concatenate([np.zeros(0, dtype=np.uint8), *parts]) for parts in (items, *columns))
    order = np.argsort(first, kind="stable")
    return np.searchsorted(first[order], np.arange(num_items + 1)), *(column[order] for column in others)


def _array(values: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.detach().cpu().numpy()
    return array
