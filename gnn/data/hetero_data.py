"""The graph as PyG's `HeteroData`: as the shop has it, and as the encoder passes messages over it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, vstack
from torch import Tensor

from gnn.data.sparse import keep_strongest, normalise_rows
from graph.edges import EdgeTables, EdgeType

with warnings.catch_warnings():
    # PyG scripts some functions when it is imported, which newer PyTorch calls deprecated.
    warnings.filterwarnings("ignore", message=".*torch.jit.script.* is deprecated", category=FutureWarning)
    from torch_geometric import EdgeIndex as EdgeIndex  # exported: the guard is needed once
    from torch_geometric.data import HeteroData as HeteroData

with warnings.catch_warnings():
    # PyTorch warns once a process that CSR tensors are in beta and that it does not check them. `EdgeIndex`
    # makes them from sorted edges, so both warnings are spent here.
    warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
    torch.sparse_csr_tensor([0], [], [], size=(0, 0))

IN_CATEGORY: EdgeType = ("Item", "IN_CATEGORY", "Category")
MADE_BY: EdgeType = ("Item", "MADE_BY", "Brand")
_CHILD_OF: EdgeType = ("Category", "CHILD_OF", "Category")
_CO_PURCHASED: EdgeType = ("Item", "CO_PURCHASED", "Item")

#: Relations between items that share a user or a bundle, and the edge type from those to the items.
_SHARED: Mapping[str, EdgeType] = {
    "purchased": ("User", "PURCHASED", "Item"),
    "viewed": ("User", "VIEWED", "Item"),
    "carted": ("User", "CARTED", "Item"),
    "favourited": ("User", "FAVOURITED", "Item"),
    "bundled": ("Bundle", "CONTAINS", "Item"),
}

#: Names that `item_relations` knows.
ITEM_RELATIONS = ("co_purchase", *_SHARED)

#: Items whose similarities to all others are held at once.
_BLOCK = 1_000

_CPU = torch.device("cpu")


def hetero_data(edges: EdgeTables, ranked: NDArray[np.int32]) -> HeteroData:
    """The graph with the items `ranked` alone: `Item` indices are ranked ones, the others are as in `edges`.

    Each edge type has `edge_index` [2, E]; events and co-purchases have `edge_weight` [E]: how often it
    happened, and the cosine √(P(b | a) P(a | b)).
    """
    data = HeteroData()
    for label, nodes in edges.nodes.items():
        data[label].num_nodes = nodes.num_rows
    for edge_type, table in edges.edges.items():
        ends = [table[end].to_numpy() for end in ("source_index", "target_index")]
        data[edge_type].edge_index = torch.from_numpy(np.stack(ends).astype(np.int64))
        if edge_type == _CO_PURCHASED:
            forward, backward = (table[f"confidence_{way}"].to_numpy() for way in ("forward", "backward"))
            data[edge_type].edge_weight = torch.from_numpy(np.sqrt(forward * backward).astype(np.float32))
        elif edge_type[0] == "User" and edge_type in _SHARED.values():
            data[edge_type].edge_weight = torch.from_numpy(table["count"].to_numpy().astype(np.float32))
    return data.subgraph({"Item": torch.from_numpy(ranked.astype(np.int64))})


def message_graph(data: HeteroData, relations: Mapping[str, csr_matrix]) -> HeteroData:
    """The graph that `gnn.network.encoder` passes messages over: items receive from what they point to.

    Edge types are item→category (its own and all above it), item→brand, and one item→item type for each of
    `relations`, [num_ranked, num_ranked]. Each has `edge_index`, an `EdgeIndex` with filled caches that is
    sorted by the receiving item, and `edge_weight` [E].
    """
    graph = HeteroData()
    for node_type in ("Item", "Category", "Brand"):
        graph[node_type].num_nodes = data[node_type].num_nodes
    matrices = {
        IN_CATEGORY: _categories_and_ancestors(data),
        MADE_BY: _matrix(data, MADE_BY),
        **{("Item", name, "Item"): relation for name, relation in relations.items()},
    }
    for edge_type, matrix in matrices.items():
        edge_index, edge_weight = weighted_edges(matrix)
        graph[edge_type].edge_index = edge_index.fill_cache_()
        graph[edge_type].edge_weight = edge_weight
    return graph


def weighted_edges(matrix: csr_matrix, *, device: torch.device = _CPU) -> tuple[EdgeIndex, Tensor]:
    """The entries of `matrix` as `edge_index` [2, E], sorted by row, and `edge_weight` [E]."""
    canonical = matrix.copy()
    canonical.sum_duplicates()
    entries = canonical.tocoo()
    # On its device at once: `EdgeIndex.to` makes a plain tensor of it in inference mode.
    ends = torch.from_numpy(np.stack([entries.row, entries.col]).astype(np.int64)).to(device)
    edge_index = EdgeIndex(ends, sparse_size=matrix.shape, sort_order="row")
    return edge_index, torch.from_numpy(entries.data.astype(np.float32)).to(device)


def item_relations(
    data: HeteroData, names: Sequence[str] = ("co_purchase",), *, num_neighbours: int
) -> dict[str, csr_matrix]:
    """Normalised relations along which items receive from items, each [num_ranked, num_ranked].

    Row i is the weighted mean over the `num_neighbours` items nearest to item i by cosine: `co_purchase` by
    the baskets of both, `purchased`, `viewed`, `carted` and `favourited` by their users, `bundled` by their
    bundles. Relations without edges are left out.

    A training basket is itself counted in `co_purchase`, one of the many behind each edge. Baskets that a
    model is evaluated on are in no relation: `data` ends before them.

    Raises:
        ValueError: If a name is not in `ITEM_RELATIONS`.
    """
    unknown = sorted(set(names) - set(ITEM_RELATIONS))
    if unknown:
        raise ValueError(f"expected relations among {', '.join(ITEM_RELATIONS)}, found {', '.join(unknown)}")
    relations = {}
    for name in names:
        if name == "co_purchase":
            one_way = _matrix(data, _CO_PURCHASED)
            nearest = keep_strongest((one_way + one_way.T).tocsr(), num_neighbours)
        else:
            nearest = _nearest_by_cosine(_matrix(data, _SHARED[name]).sign(), num_neighbours)
        if nearest.nnz:
            relations[name] = normalise_rows(nearest)
    return relations


def _categories_and_ancestors(data: HeteroData) -> csr_matrix:
    """The category of each item with all above it, [num_ranked, num_categories]."""
    level = ancestors = _matrix(data, IN_CATEGORY)
    parents = _matrix(data, _CHILD_OF)
    while level.nnz:
        level = level @ parents
        ancestors = ancestors + level
    return ancestors


def _nearest_by_cosine(incidence: csr_matrix, num_neighbours: int) -> csr_matrix:
    """Cosines between the columns of a 0/1 matrix [n, num_items], the largest of each, none with itself."""
    counts = np.asarray(incidence.sum(axis=0)).ravel()
    scale = np.divide(1.0, np.sqrt(counts), out=np.zeros(len(counts)), where=counts > 0)
    unit = csr_matrix(incidence @ diags_array(scale), dtype=np.float32)
    by_item = unit.T.tocsr()
    blocks = []
    for start in range(0, max(len(counts), 1), _BLOCK):
        cosine = (by_item[start : start + _BLOCK] @ unit).tocoo()
        is_other = cosine.row + start != cosine.col
        places = cosine.row[is_other], cosine.col[is_other]
        others = csr_matrix((cosine.data[is_other], places), shape=cosine.shape)
        blocks.append(keep_strongest(others, num_neighbours))
    return csr_matrix(vstack(blocks))


def _matrix(data: HeteroData, edge_type: EdgeType) -> csr_matrix:
    """Adjacency of one edge type, [num_sources, num_targets], weighted where it has weights."""
    shape = (data[edge_type[0]].num_nodes, data[edge_type[2]].num_nodes)
    if edge_type not in data.edge_types:
        return csr_matrix(shape, dtype=np.float32)
    source, target = data[edge_type].edge_index.numpy()
    weights = (
        data[edge_type].edge_weight.numpy()
        if "edge_weight" in data[edge_type]
        else np.ones(len(source), np.float32)
    )
    return csr_matrix((weights, (source, target)), shape=shape)
