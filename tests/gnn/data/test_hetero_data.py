from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from gnn.data import hetero_data as hetero_data_module
from gnn.data.hetero_data import (
    IN_CATEGORY,
    ITEM_RELATIONS,
    MADE_BY,
    HeteroData,
    hetero_data,
    item_relations,
    message_graph,
)
from graph.edges import EdgeTables, edge_tables
from tests.gnn.conftest import MakeTables

ITEMS = [("a", "Food > Dairy > Milk", "Farm"), ("b", "Food", ""), ("c", "", "Farm"), ("d", "Toys", "")]


@pytest.fixture(scope="module")
def edges(make_tables: MakeTables) -> EdgeTables:
    baskets = {"1": "ab", "2": "ab", "3": "ac", "4": "d"}
    lines = [
        (item, f"2024-01-0{basket}T10:00:00Z", "ann", basket)
        for basket, items in baskets.items()
        for item in items
    ]
    return edge_tables(make_tables(lines, ITEMS))


def test_the_graph_holds_the_ranked_items_alone_under_new_indices(edges: EdgeTables) -> None:
    data = hetero_data(edges, np.array([1, 2, 3], dtype=np.int32))

    assert data["Item"].num_nodes == 3
    assert data["User"].num_nodes == 1
    assert data["User", "PURCHASED", "Item"].edge_index.tolist() == [[0, 0, 0], [0, 1, 2]]
    assert data["User", "PURCHASED", "Item"].edge_weight.tolist() == [2, 1, 1]
    assert data["Item", "CO_PURCHASED", "Item"].edge_index.shape == (2, 0)  # b and c share no basket


def test_a_co_purchase_weighs_the_cosine_of_both_items_baskets(edges: EdgeTables) -> None:
    data = hetero_data(edges, np.arange(4, dtype=np.int32))

    relation = data["Item", "CO_PURCHASED", "Item"]
    assert relation.edge_index.tolist() == [[0, 0], [1, 2]]
    assert relation.edge_weight.tolist() == pytest.approx([2 / (3 * 2) ** 0.5, 1 / (3 * 1) ** 0.5])


def test_an_item_receives_from_its_category_all_above_it_and_its_brand(edges: EdgeTables) -> None:
    graph = message_graph(hetero_data(edges, np.arange(4, dtype=np.int32)), {})

    found: list[set[str]] = [set() for _ in range(4)]
    for edge_type, names in (
        (IN_CATEGORY, edges.nodes["Category"]["category_id"].to_pylist()),
        (MADE_BY, edges.nodes["Brand"]["brand_id"].to_pylist()),
    ):
        assert set(graph[edge_type].edge_weight.tolist()) == {1.0}
        for item, node in graph[edge_type].edge_index.numpy().T.tolist():
            found[item].add(names[node])
    assert found == [{"Food", "Food > Dairy", "Food > Dairy > Milk", "Farm"}, {"Food"}, {"Farm"}, {"Toys"}]


def test_relations_are_edge_types_between_items(edges: EdgeTables) -> None:
    relation = np.array([[0, 0.25, 0.75], [0, 0, 0], [1, 0, 0]], dtype=np.float32)
    data = hetero_data(edges, np.arange(3, dtype=np.int32))

    graph = message_graph(data, {"viewed": csr_matrix(relation)})

    viewed = graph["Item", "viewed", "Item"]
    assert viewed.edge_index.tolist() == [[0, 0, 2], [1, 2, 0]]
    assert viewed.edge_index.is_sorted_by_row
    assert viewed.edge_index.sparse_size() == (3, 3)
    assert viewed.edge_weight.tolist() == [0.25, 0.75, 1.0]


def test_items_receive_the_mean_of_their_strongest_co_purchases(edges: EdgeTables) -> None:
    relations = item_relations(hetero_data(edges, np.arange(4, dtype=np.int32)), num_neighbours=1)

    expected = [[0, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert relations["co_purchase"].toarray() == pytest.approx(np.array(expected))


def test_a_shop_without_pairs_categories_or_brands_has_items_alone(make_tables: MakeTables) -> None:
    edges = edge_tables(
        make_tables([("a", "2024-01-01T10:00:00Z", "", "1"), ("b", "2024-01-01T10:00:00Z", "", "2")])
    )
    data = hetero_data(edges, np.arange(2, dtype=np.int32))

    graph = message_graph(data, {})
    assert [graph[edge_type].edge_index.shape[1] for edge_type in (IN_CATEGORY, MADE_BY)] == [0, 0]
    assert item_relations(data, ITEM_RELATIONS, num_neighbours=5) == {}


def test_items_are_near_that_share_users_or_bundles() -> None:
    # Users 0 and 1 viewed items 0 and 1; user 2 viewed items 1 and 2. The bundle holds items 0 and 2.
    data = HeteroData()
    for node_type, count in (("User", 3), ("Item", 4), ("Bundle", 1)):
        data[node_type].num_nodes = count
    viewed = data["User", "VIEWED", "Item"]
    viewed.edge_index = torch.tensor([[0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 1, 2]])
    viewed.edge_weight = torch.tensor([9.0, 1, 1, 1, 1, 1])  # how often does not count
    data["Bundle", "CONTAINS", "Item"].edge_index = torch.tensor([[0, 0], [0, 2]])

    relations = item_relations(data, ("viewed", "bundled", "carted"), num_neighbours=2)

    assert list(relations) == ["viewed", "bundled"]
    near, far = 2 / (2 * 3) ** 0.5, 1 / (3 * 1) ** 0.5  # cosines of items 0 and 1, and of 1 and 2
    expected = [[0, 1, 0, 0], [near, 0, far, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    expected[1] = [near / (near + far), 0, far / (near + far), 0]
    assert relations["viewed"].toarray() == pytest.approx(np.array(expected))
    assert relations["bundled"].toarray().tolist() == [[0, 0, 1, 0], [0] * 4, [1, 0, 0, 0], [0] * 4]


def test_only_the_nearest_items_are_kept_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bought = np.random.default_rng(0).random((30, 12)) < 0.3
    data = HeteroData()
    data["User"].num_nodes, data["Item"].num_nodes = bought.shape
    data["User", "PURCHASED", "Item"].edge_index = torch.from_numpy(np.stack(bought.nonzero()))
    at_once = item_relations(data, ["purchased"], num_neighbours=3)["purchased"].toarray()

    monkeypatch.setattr(hetero_data_module, "_BLOCK", 5)
    in_blocks = item_relations(data, ["purchased"], num_neighbours=3)["purchased"].toarray()

    assert np.array_equal(in_blocks, at_once)
    assert ((at_once > 0).sum(axis=1) <= 3).all()
    assert at_once.sum(axis=1) == pytest.approx(np.ones(12))
    assert not at_once.diagonal().any()


def test_the_shop_has_relations_by_its_events(edges: EdgeTables) -> None:
    data = hetero_data(edges, np.arange(4, dtype=np.int32))

    relations = item_relations(data, ("co_purchase", "purchased", "viewed"), num_neighbours=5)

    # Ann bought everything: each item is as near as any other.
    assert list(relations) == ["co_purchase", "purchased"]
    assert relations["purchased"].toarray() == pytest.approx((1 - np.eye(4)) / 3)


def test_an_unknown_relation_is_refused(edges: EdgeTables) -> None:
    data = hetero_data(edges, np.arange(4, dtype=np.int32))

    with pytest.raises(ValueError, match=r"expected relations among co_purchase, .*, found likes"):
        item_relations(data, ("co_purchase", "likes"), num_neighbours=5)
