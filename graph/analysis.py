"""Network analysis with NetworkX: communities, centrality, paths and neighbourhoods.

A network is undirected. Its nodes are items or categories; its edges have `baskets`, `lift`, `npmi` and a
`distance` = 1 - npmi, so that a short path follows strong links.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import networkx as nx

from graph.edges import EdgeTables
from graph.errors import GraphError
from graph.schema import NODE_TYPES

Network: TypeAlias = "nx.Graph[str]"
Weight = Literal["npmi", "lift", "baskets"]


def co_purchase_network(edges: EdgeTables, *, min_baskets: int = 1, min_npmi: float = 0.0) -> Network:
    """Network of items bought together in at least `min_baskets` baskets and with an NPMI above `min_npmi`.

    Nodes are item ids with a `title`; items without such a link are left out.
    """
    return _network(edges, "Item", "CO_PURCHASED", name="title", min_baskets=min_baskets, min_npmi=min_npmi)


def category_network(edges: EdgeTables, *, min_baskets: int = 1, min_npmi: float = 0.0) -> Network:
    """Network of top-level categories that are bought together; nodes are category ids with a `title`."""
    return _network(edges, "Category", "BOUGHT_WITH", name="name", min_baskets=min_baskets, min_npmi=min_npmi)


def communities(network: Network, *, seed: int, weight: Weight = "npmi") -> list[set[str]]:
    """Groups of nodes with more links among themselves than by chance, largest first.

    Louvain's modularity maximisation (Blondel et al. 2008); equal seeds give equal groups.
    """
    found = nx.community.louvain_communities(network, weight=weight, seed=seed)
    return sorted((set(members) for members in found), key=lambda members: (-len(members), min(members)))


def centrality(network: Network, *, weight: Weight = "npmi") -> dict[str, float]:
    """PageRank of each node (Page et al. 1999, damping 0.85), highest first; the values sum to 1."""
    ranks = nx.pagerank(network, weight=weight)
    return dict(sorted(ranks.items(), key=lambda entry: (-entry[1], entry[0])))


def shortest_path(network: Network, source: str, target: str) -> list[str]:
    """The path from `source` to `target` with the smallest sum of distances (1 - npmi).

    Raises:
        GraphError: If one of them is not in the network, or there is no path.
    """
    for node in (source, target):
        _require(network, node)
    try:
        return list(nx.shortest_path(network, source, target, weight="distance"))
    except nx.NetworkXNoPath as error:
        raise GraphError(
            f"no path leads from {source!r} to {target!r}: build the network with fewer min_baskets"
        ) from error


def neighbourhood(network: Network, node: str, *, depth: int = 1, max_neighbours: int = 10) -> Network:
    """Nodes within `depth` steps of `node`, following the `max_neighbours` strongest links of each.

    Raises:
        GraphError: If `node` is not in the network.
    """
    _require(network, node)
    reached, frontier = {node}, {node}
    for _ in range(depth):
        frontier = {found for origin in frontier for found in _strongest(network, origin, max_neighbours)}
        frontier -= reached
        reached |= frontier
    return network.subgraph(reached).copy()


def _network(
    edges: EdgeTables, label: str, relationship: str, *, name: str, min_baskets: int, min_npmi: float
) -> Network:
    nodes = edges.nodes[label]
    keys, names = nodes[NODE_TYPES[label].key].to_pylist(), nodes[name].to_pylist()
    network: Network = nx.Graph()
    for row in edges.edges[label, relationship, label].to_pylist():
        if row["baskets"] >= min_baskets and row["npmi"] is not None and row["npmi"] > min_npmi:
            source, target = row["source_index"], row["target_index"]
            for index in (source, target):
                network.add_node(keys[index], title=names[index] or keys[index])
            network.add_edge(
                keys[source],
                keys[target],
                baskets=row["baskets"],
                lift=row["lift"],
                npmi=row["npmi"],
                distance=1.0 - row["npmi"],
            )
    return network


def _strongest(network: Network, node: str, limit: int) -> list[str]:
    links = sorted(network[node].items(), key=lambda link: (link[1]["distance"], link[0]))
    return [neighbour for neighbour, _ in links[:limit]]


def _require(network: Network, node: str) -> None:
    if node not in network:
        raise GraphError(f"{node!r} is not in the network: it is not bought with other items often enough")
