"""The graph as PyG's `HeteroData`, and the relations that items receive messages over."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, eye_array, vstack

from gnn.network.propagation import keep_strongest, normalise_rows
from graph.edges import EdgeTables

with warnings.catch_warnings():
    # PyG scripts some functions when it is imported, which newer PyTorch calls deprecated.
    warnings.filterwarnings("ignore", message=".*torch.jit.script.* is deprecated", category=FutureWarning)
    from torch_geometric.data import HeteroData

#: Edge attributes that relations are weighted by, by relationship type.
_WEIGHT = {"PURCHASED": "count", "CARTED": "count", "FAVOURITED": "count", "VIEWED": "count"}
_ITEM_CATEGORY = ("Item", "IN_CATEGORY", "Category")
_CHILD_OF = ("Category", "CHILD_OF", "Category")
_MADE_BY = ("Item", "MADE_BY", "Brand")
_CO_PURCHASED = ("Item", "CO_PURCHASED", "Item")


def hetero_data(edges: EdgeTables, ranked: NDArray[np.int32]) -> HeteroData:
    """The graph with the items `ranked` alone: `Item` indices are ranked ones, the others are as in `edges`.

    Each edge type has `edge_index` [2, E]; events and co-purchases have `weight` [E]: how often it happened,
    and the cosine √(P(b | a) P(a | b)).
    """
    data = HeteroData()
    for label, nodes in edges.nodes.items():
        data[label].num_nodes = nodes.num_rows
    for edge_type, table in edges.edges.items():
        ends = [table[end].to_numpy() for end in ("source_index", "target_index")]
        data[edge_type].edge_index = torch.from_numpy(np.stack(ends).astype(np.int64))
        if edge_type[1] in _WEIGHT:
            data[edge_type].weight = torch.from_numpy(
                table[_WEIGHT[edge_type[1]]].to_numpy().astype(np.float32)
            )
        elif edge_type == _CO_PURCHASED:
            forward, backward = (table[f"confidence_{way}"].to_numpy() for way in ("forward", "backward"))
            data[edge_type].weight = torch.from_numpy(np.sqrt(forward * backward).astype(np.float32))
    return data.subgraph({"Item": torch.from_numpy(ranked.astype(np.int64))})


def feature_memberships(data: HeteroData) -> csr_matrix:
    """What an item is made of: itself, its category with all above it, its brand.

    0/1, [num_ranked, num_ranked + num_categories + num_brands].
    """
    num_items = data["Item"].num_nodes
    item_category = _matrix(data, _ITEM_CATEGORY)
    ancestors = item_category
    parents = _matrix(data, _CHILD_OF)
    while item_category.nnz:
        item_category = item_category @ parents
        ancestors = ancestors + item_category
    blocks = [eye_array(num_items, format="csr"), ancestors, _matrix(data, _MADE_BY)]
    return csr_matrix(vstack([block.T for block in blocks]).T, dtype=np.float32)


def item_relations(data: HeteroData, *, num_neighbours: int) -> Mapping[str, csr_matrix]:
    """Normalised relations along which items receive from items, each [num_ranked, num_ranked].

    `co_purchase`: the mean over the `num_neighbours` strongest co-purchases of each item, by their cosine. A
    training basket is itself counted in these edges, one of the many behind each; the baskets that a model is
    judged by are in none of them.
    """
    one_way = _matrix(data, _CO_PURCHASED)
    relations = {"co_purchase": normalise_rows(keep_strongest((one_way + one_way.T).tocsr(), num_neighbours))}
    return {name: relation for name, relation in relations.items() if relation.nnz}


def _matrix(data: HeteroData, edge_type: tuple[str, str, str]) -> csr_matrix:
    """Adjacency of one edge type, [num_sources, num_targets], weighted where it has weights."""
    shape = (data[edge_type[0]].num_nodes, data[edge_type[2]].num_nodes)
    if edge_type not in data.edge_types:
        return csr_matrix(shape, dtype=np.float32)
    source, target = data[edge_type].edge_index.numpy()
    weights = (
        data[edge_type].weight.numpy() if "weight" in data[edge_type] else np.ones(len(source), np.float32)
    )
    return csr_matrix((weights, (source, target)), shape=shape)
