from __future__ import annotations

import numpy as np
import pytest

from gnn.data.hetero_data import feature_memberships, hetero_data, item_relations
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
    assert data["User", "PURCHASED", "Item"].weight.tolist() == [2, 1, 1]
    assert data["Item", "CO_PURCHASED", "Item"].edge_index.shape == (2, 0)  # b and c share no basket


def test_a_co_purchase_weighs_the_cosine_of_both_items_baskets(edges: EdgeTables) -> None:
    data = hetero_data(edges, np.arange(4, dtype=np.int32))

    relation = data["Item", "CO_PURCHASED", "Item"]
    assert relation.edge_index.tolist() == [[0, 0], [1, 2]]
    assert relation.weight.tolist() == pytest.approx([2 / (3 * 2) ** 0.5, 1 / (3 * 1) ** 0.5])


def test_an_item_is_itself_all_its_categories_and_its_brand(edges: EdgeTables) -> None:
    data = hetero_data(edges, np.arange(4, dtype=np.int32))

    memberships = feature_memberships(data).toarray()

    names = [
        *"abcd",
        *edges.nodes["Category"]["category_id"].to_pylist(),
        *edges.nodes["Brand"]["brand_id"].to_pylist(),
    ]
    found = [{names[column] for column in np.flatnonzero(row)} for row in memberships]
    assert found == [
        {"a", "Food", "Food > Dairy", "Food > Dairy > Milk", "Farm"},
        {"b", "Food"},
        {"c", "Farm"},
        {"d", "Toys"},
    ]
    assert set(memberships.ravel()) == {0.0, 1.0}


def test_items_receive_the_mean_of_their_strongest_co_purchases(edges: EdgeTables) -> None:
    relations = item_relations(hetero_data(edges, np.arange(4, dtype=np.int32)), num_neighbours=1)

    expected = [[0, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert relations["co_purchase"].toarray() == pytest.approx(np.array(expected))


def test_a_shop_without_pairs_categories_or_brands_has_items_alone(make_tables: MakeTables) -> None:
    edges = edge_tables(
        make_tables([("a", "2024-01-01T10:00:00Z", "", "1"), ("b", "2024-01-01T10:00:00Z", "", "2")])
    )
    data = hetero_data(edges, np.arange(2, dtype=np.int32))

    assert feature_memberships(data).toarray().tolist() == [[1, 0], [0, 1]]
    assert item_relations(data, num_neighbours=5) == {}
