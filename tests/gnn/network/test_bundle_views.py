from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.bundle_choices import BundleChoices
from gnn.data.hetero_data import HeteroData
from gnn.network.bundle_views import (
    CHOSE,
    CONTAINS,
    PURCHASED,
    VIEWS,
    BipartiteLightGCN,
    ThreeViews,
    hide_edges,
    reverse,
    view_graph,
)
from graph.edges import EdgeType

CPU = torch.device("cpu")
Planted = tuple[BundleChoices, csr_matrix]


def make_views(choices: BundleChoices, *, num_layers: int = 1) -> ThreeViews:
    generator = torch.Generator().manual_seed(0)
    num_users, num_bundles, num_items = choices.num_users, choices.num_bundles, choices.bought.shape[1]
    return ThreeViews(num_users, num_bundles, num_items, dim=8, generator=generator, num_layers=num_layers)


def choices_of(chosen: list[list[int]]) -> BundleChoices:
    """Of users and bundles alone: there are no items."""
    matrix = csr_matrix(np.array(chosen, dtype=np.float32))
    num_users, num_bundles = matrix.shape
    return BundleChoices(
        matrix,
        csr_matrix(np.zeros((num_users, 0), dtype=np.float32)),
        csr_matrix(np.zeros((num_bundles, 0), dtype=np.float32)),
    )


def dense(graph: HeteroData, edge_type: EdgeType, weight: str = "edge_weight") -> NDArray[np.float32]:
    edges = graph[edge_type]
    matrix: NDArray[np.float32] = edges.edge_index.to_dense(edges[weight]).numpy()
    return matrix


def test_a_node_is_the_mean_of_itself_and_the_unit_of_what_it_receives() -> None:
    graph = view_graph(choices_of([[1, 0], [0, 0]]), device=CPU)
    left, right = torch.tensor([[0.0, 2.0], [4.0, 0.0]]), torch.tensor([[3.0, 4.0], [1.0, 0.0]])

    users, bundles = BipartiteLightGCN(num_layers=1)(left, right, graph, CHOSE)

    # The first user receives (3, 4), of direction (.6, .8), the first bundle (0, 2), others nothing.
    torch.testing.assert_close(users, torch.tensor([[0.6 / 2, (2 + 0.8) / 2], [4 / 2, 0.0]]))
    torch.testing.assert_close(bundles, torch.tensor([[3 / 2, (4 + 1) / 2], [1 / 2, 0.0]]))


def test_an_edge_weighs_one_over_the_root_of_both_degrees() -> None:
    graph = view_graph(choices_of([[1, 1], [0, 1], [0, 0]]), device=CPU)

    expected = np.array([[1 / np.sqrt(2 * 1), 1 / np.sqrt(2 * 2)], [0, 1 / np.sqrt(1 * 2)], [0, 0]])
    assert dense(graph, CHOSE) == pytest.approx(expected)
    assert dense(graph, reverse(CHOSE)) == pytest.approx(expected.T)
    assert dense(graph, CHOSE, "mean_weight").tolist() == [[1 / 2, 1 / 2], [0, 1], [0, 0]]


def test_hidden_choices_weigh_nothing_and_the_others_as_if_they_did_not_exist() -> None:
    graph = view_graph(choices_of([[1, 1], [0, 1], [0, 0]]), device=CPU)
    hidden = hide_edges(graph, np.array([False, True, False]), drop_share=0.0, rng=np.random.default_rng(0))

    without = view_graph(choices_of([[1, 0], [0, 1], [0, 0]]), device=CPU)
    for edge_type in (CHOSE, reverse(CHOSE)):
        assert dense(hidden, edge_type) == pytest.approx(dense(without, edge_type))
    assert dense(hidden, CHOSE, "mean_weight") == pytest.approx(dense(without, CHOSE, "mean_weight"))
    assert dense(graph, CHOSE)[0, 1] > 0  # the graph that was given is not changed


def test_edges_that_are_not_dropped_keep_the_expected_sum(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    graph = view_graph(choices, device=CPU)
    nothing = np.zeros(choices.chosen.nnz, dtype=np.bool_)

    dropped = hide_edges(graph, nothing, drop_share=0.4, rng=np.random.default_rng(0))

    for edge_type in (CHOSE, PURCHASED, CONTAINS):
        whole, kept = dense(graph, edge_type), dense(dropped, edge_type)
        assert (kept[kept > 0] / whole[kept > 0]) == pytest.approx(1 / (1 - 0.4))
        assert kept.sum() == pytest.approx(whole.sum(), rel=0.25)
        assert dense(dropped, reverse(edge_type)) == pytest.approx(kept.T)
    assert (dense(dropped, CONTAINS, "mean_weight") == dense(graph, CONTAINS, "mean_weight")).all()


def test_relations_that_a_shop_does_not_have_are_left_out(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    no_contents = replace(choices, contains=csr_matrix(np.zeros(choices.contains.shape, dtype=np.float32)))
    no_purchases = replace(choices, bought=csr_matrix(np.zeros(choices.bought.shape, dtype=np.float32)))

    assert view_graph(no_contents, device=CPU).edge_types == [CHOSE, reverse(CHOSE)]
    assert PURCHASED not in view_graph(no_purchases, device=CPU).edge_types
    assert CONTAINS in view_graph(no_purchases, device=CPU).edge_types


@pytest.mark.parametrize("num_layers", [1, 2])
def test_vectors_are_those_of_the_dense_formula(two_tastes: Planted, num_layers: int) -> None:
    choices, _ = two_tastes
    graph, views = view_graph(choices, device=CPU), make_views(choices, num_layers=num_layers)
    with torch.no_grad():
        for number, name in enumerate(VIEWS):
            views.log_weights[name].fill_(number / 2)

    def unit(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))

    def averaged(
        left: NDArray[np.floating], right: NDArray[np.floating], matrix: NDArray[np.floating]
    ) -> list[NDArray[np.floating]]:
        """ē of both ends."""
        norm = np.sqrt(np.outer(matrix.sum(axis=1), matrix.sum(axis=0)))
        matrix = np.divide(matrix, norm, out=np.zeros_like(matrix), where=norm > 0)
        layers = [(left, right)]
        for _ in range(num_layers):
            left, right = matrix @ right, matrix.T @ left
            layers.append((unit(left), unit(right)))
        return [np.mean(ends, axis=0) for ends in zip(*layers, strict=True)]

    def mean(vectors: NDArray[np.floating], matrix: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(matrix @ vectors / np.maximum(matrix.sum(axis=1, keepdims=True), 1))

    user, bundle, item = (
        table.detach().numpy().astype(np.float64) for table in (views.users, views.bundles, views.items)
    )
    chosen, bought, contains = (
        matrix.toarray().astype(np.float64) for matrix in (choices.chosen, choices.bought, choices.contains)
    )
    by_choices = averaged(user, bundle, chosen)
    buyers, bought_items = averaged(user, item, bought)
    holders, _ = averaged(bundle, item, contains)
    by_view = [by_choices, [buyers, mean(bought_items, contains)], [mean(holders, chosen), holders]]
    for side, found in enumerate(views(graph)):
        weighted = [np.exp(number / 2) * unit(view[side]) for number, view in enumerate(by_view)]
        assert found.detach().numpy() == pytest.approx(unit(np.sum(weighted, axis=0)), abs=1e-5)


def test_a_bundle_that_nobody_chose_has_a_vector_from_its_items(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    chosen = choices.chosen.toarray()
    chosen[:, 4] = 0
    views = make_views(choices)
    with torch.no_grad():
        views.bundles[4] = 0

    _, bundles = views(view_graph(replace(choices, chosen=csr_matrix(chosen)), device=CPU))

    assert float(bundles[4].detach().norm()) > 0.99


def test_a_visitor_receives_an_item_by_the_root_of_its_users(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    views = make_views(choices)

    items = views.visitor_items(view_graph(choices, device=CPU)).detach().numpy()

    num_users = np.maximum(choices.bought.toarray().sum(axis=0), 1)
    assert items == pytest.approx(views.items.detach().numpy() / np.sqrt(num_users)[:, np.newaxis])


def test_without_contents_choices_are_the_one_view(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    nothing = csr_matrix(np.zeros(choices.contains.shape, dtype=np.float32))
    views = make_views(choices)
    graph = view_graph(replace(choices, contains=nothing), device=CPU)

    users, bundles = views(graph)

    (users.sum() + bundles.sum()).backward()
    assert views.items.grad is None
    assert views.users.grad is not None
    assert views.visitor_items(graph).shape == (choices.bought.shape[1], 0)
