from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest

from etl.tables import Tables
from graph.analysis import (
    Network,
    category_network,
    centrality,
    co_purchase_network,
    communities,
    neighbourhood,
    shortest_path,
)
from graph.edges import EdgeTables, edge_tables
from graph.errors import GraphError
from tests.graph.planted import Rows, category_pair, item_pair

BREAKFAST, DINNER = ("bread", "butter", "jam", "milk"), ("pasta", "pesto", "sauce", "wine")


@pytest.fixture
def two_meals(write_tables: Callable[[Rows], Tables]) -> EdgeTables:
    """Two meals, each bought together (npmi 0.8), joined by one weak pair: milk and pasta (npmi 0.1)."""
    pairs = [item_pair(*pair, 40, 8.0) for meal in (BREAKFAST, DINNER) for pair in combinations(meal, 2)]
    titles = [*BREAKFAST, *DINNER, "alone"]
    return edge_tables(
        write_tables(
            {
                "items": [{"item_id": item, "title": item.title(), "listed": True} for item in titles],
                "categories": [
                    {"category_id": name, "name": name, "level": 0} for name in ("Bakery", "Dairy", "Wine")
                ],
                "co_purchases": [*pairs, item_pair("milk", "pasta", 6, 1.0)],
                "category_pairs": [category_pair("Bakery", "Dairy", 50, 2.0)],
            }
        )
    )


@pytest.fixture
def network(two_meals: EdgeTables) -> Network:
    return co_purchase_network(two_meals)


def test_the_network_holds_linked_items_with_titles_and_counts(network: Network) -> None:
    assert set(network) == {*BREAKFAST, *DINNER}
    assert network.nodes["bread"]["title"] == "Bread"
    assert network.edges["bread", "butter"]["baskets"] == 40
    assert network.edges["bread", "butter"]["distance"] == pytest.approx(1 - 0.8)


def test_weak_and_rare_links_can_be_left_out(two_meals: EdgeTables) -> None:
    assert not co_purchase_network(two_meals, min_baskets=7).has_edge("milk", "pasta")
    assert not co_purchase_network(two_meals, min_npmi=0.1).has_edge("milk", "pasta")


def test_communities_are_the_planted_meals_at_every_seed(network: Network) -> None:
    for seed in range(5):
        assert communities(network, seed=seed) == [set(BREAKFAST), set(DINNER)]


def test_the_items_that_join_the_meals_are_the_most_central(network: Network) -> None:
    ranks = centrality(network)

    assert set(list(ranks)[:2]) == {"milk", "pasta"}
    assert sum(ranks.values()) == pytest.approx(1.0)


def test_the_shortest_path_goes_over_the_one_link_between_the_meals(network: Network) -> None:
    assert shortest_path(network, "jam", "wine") == ["jam", "milk", "pasta", "wine"]


def test_a_path_that_does_not_exist_is_one_line(two_meals: EdgeTables) -> None:
    network = co_purchase_network(two_meals, min_baskets=7)

    with pytest.raises(GraphError, match="no path leads from 'jam' to 'wine'"):
        shortest_path(network, "jam", "wine")
    with pytest.raises(GraphError, match="'alone' is not in the network"):
        shortest_path(network, "jam", "alone")


def test_a_neighbourhood_follows_the_strongest_links_so_many_steps(network: Network) -> None:
    assert set(neighbourhood(network, "milk", max_neighbours=3)) == set(BREAKFAST)
    assert set(neighbourhood(network, "milk")) == {*BREAKFAST, "pasta"}
    assert set(neighbourhood(network, "milk", depth=2)) == {*BREAKFAST, *DINNER}


def test_categories_make_a_network_of_their_own(two_meals: EdgeTables) -> None:
    assert list(category_network(two_meals).edges(data="lift")) == [("Bakery", "Dairy", 2.0)]


def test_a_shop_without_pairs_is_a_network_without_nodes(
    write_tables: Callable[[Rows], Tables],
) -> None:
    network = co_purchase_network(edge_tables(write_tables({})))

    assert communities(network, seed=0) == []
    assert centrality(network) == {}
