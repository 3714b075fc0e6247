from __future__ import annotations

import numpy as np
import pytest

from etl.tables import Tables
from gnn.components.shop import (
    pack_bundles,
    pack_catalogue,
    pack_categories,
    pack_category_pairs,
    pack_co_purchases,
    pack_histories,
    pack_promotions,
)
from gnn.data.purchases import read_purchases
from graph.edges import EdgeTables, edge_tables
from tests.gnn.conftest import MakeTables

ITEMS = [("a", "Food > Dairy", "Farm"), ("b", "Toys", ""), ("c", "", "")]


@pytest.fixture(scope="module")
def tables(make_tables: MakeTables) -> Tables:
    baskets = {"1": "ab", "2": "ab", "3": "a"}
    return make_tables(
        [
            (item, f"2024-01-0{number}T10:00:00Z", "ann", number)
            for number, items in baskets.items()
            for item in items
        ],
        ITEMS,
    )


@pytest.fixture(scope="module")
def edges(tables: Tables) -> EdgeTables:
    return edge_tables(tables)


def test_the_catalogue_holds_every_item_in_the_order_of_ids(tables: Tables, edges: EdgeTables) -> None:
    catalogue = pack_catalogue(tables, edges, read_purchases(tables, edges))

    assert list(catalogue.item_ids) == ["a", "b", "c"]
    assert catalogue.baskets.tolist() == [3, 2, 0]
    assert catalogue.brand.tolist() == [0, -1, -1]
    assert np.isnan(catalogue.price).all()
    assert catalogue.in_stock.all()


def test_the_tree_names_parents_and_levels(tables: Tables, edges: EdgeTables) -> None:
    categories = pack_categories(tables, edges)
    catalogue = pack_catalogue(tables, edges, read_purchases(tables, edges))

    assert list(categories.category_ids) == ["Food", "Food > Dairy", "Toys"]
    assert categories.parent.tolist() == [-1, 0, -1]
    assert categories.level.tolist() == [0, 1, 0]
    assert catalogue.category.tolist() == [1, 2, -1]


def test_pairs_are_packed_both_ways_with_their_counts(tables: Tables, edges: EdgeTables) -> None:
    pairs, categories = pack_co_purchases(edges), pack_category_pairs(edges)

    assert pairs.indptr.tolist() == [0, 1, 2, 2]
    assert pairs.item.tolist() == [1, 0]
    assert pairs.baskets.tolist() == [2, 2]
    assert pairs.lift.tolist() == pytest.approx([3 * 2 / (3 * 2)] * 2)
    assert categories.indptr.tolist() == [0, 1, 1, 2]
    assert categories.category.tolist() == [2, 0]


def test_a_history_has_each_event_oldest_first(tables: Tables, edges: EdgeTables) -> None:
    histories = pack_histories(edges, read_purchases(tables, edges))

    assert len(histories.user_ids) == 1
    assert histories.indptr.tolist() == [0, 5]
    assert histories.item.tolist() == [0, 1, 0, 1, 0]
    assert histories.age_days.tolist() == [2, 2, 1, 1, 0]


def test_what_a_shop_does_not_have_is_empty(tables: Tables, edges: EdgeTables) -> None:
    promotions, bundles = pack_promotions(tables, edges), pack_bundles(tables, edges)

    assert len(promotions.promotion_ids) == len(bundles.bundle_ids) == 0
    assert promotions.indptr.tolist() == bundles.indptr.tolist() == [0]


def test_edges_of_other_tables_are_refused(
    tables: Tables, edges: EdgeTables, shop: Tables, shop_edges: EdgeTables
) -> None:
    with pytest.raises(ValueError, match="run bundlegraph load"):
        pack_catalogue(tables, shop_edges, read_purchases(shop, shop_edges))
