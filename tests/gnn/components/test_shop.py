from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from etl.tables import Tables
from gnn.components.context import FitContext
from gnn.components.shop import (
    fit_bundles,
    fit_catalogue,
    fit_categories,
    fit_category_pairs,
    fit_co_purchases,
    fit_histories,
    fit_promotions,
)
from graph.edges import EdgeTables
from tests.gnn.conftest import MakeTables
from tests.gnn.planted_context import make_context

ITEMS = [("a", "Food > Dairy", "Farm"), ("b", "Toys", ""), ("c", "", "")]


@pytest.fixture(scope="module")
def context(make_tables: MakeTables) -> FitContext:
    baskets = {"1": "ab", "2": "ab", "3": "a"}
    tables = make_tables(
        [
            (item, f"2024-01-0{number}T10:00:00Z", "ann", number)
            for number, items in baskets.items()
            for item in items
        ],
        ITEMS,
    )
    return make_context(tables)


def test_the_catalogue_holds_every_item_in_the_order_of_ids(context: FitContext) -> None:
    catalogue = fit_catalogue(context)

    assert list(catalogue.item_ids) == ["a", "b", "c"]
    assert catalogue.baskets.tolist() == [3, 2, 0]
    assert catalogue.brand.tolist() == [0, -1, -1]
    assert np.isnan(catalogue.price).all()
    assert catalogue.in_stock.all()


def test_the_tree_names_parents_and_levels(context: FitContext) -> None:
    categories = fit_categories(context)

    assert list(categories.category_ids) == ["Food", "Food > Dairy", "Toys"]
    assert categories.parent.tolist() == [-1, 0, -1]
    assert categories.level.tolist() == [0, 1, 0]
    assert fit_catalogue(context).category.tolist() == [1, 2, -1]


def test_pairs_are_kept_both_ways_with_their_counts(context: FitContext) -> None:
    pairs, categories = fit_co_purchases(context), fit_category_pairs(context)

    assert pairs.lift.indptr.tolist() == [0, 1, 2, 2]
    assert pairs.lift.indices.tolist() == [1, 0]
    assert pairs.baskets.tolist() == [2, 2]
    assert pairs.lift.values.tolist() == pytest.approx([3 * 2 / (3 * 2)] * 2)
    assert categories.lift.indptr.tolist() == [0, 1, 1, 2]
    assert categories.lift.indices.tolist() == [2, 0]
    assert categories.baskets.tolist() == [2, 2]


def test_the_pair_with_the_most_baskets_comes_first(make_tables: MakeTables) -> None:
    baskets = ["ab", "ac", "ac", "ad", "ad", "ad"]
    tables = make_tables(
        [
            (item, "2024-01-01T10:00:00Z", "ann", str(number))
            for number, items in enumerate(baskets)
            for item in items
        ]
    )

    others, counts, _ = fit_co_purchases(make_context(tables)).row(0)

    assert others.tolist() == [3, 2, 1]
    assert counts.tolist() == [3, 2, 1]


def test_a_history_has_each_event_oldest_first(context: FitContext) -> None:
    histories = fit_histories(context)

    assert len(histories.user_ids) == 1
    assert histories.indptr.tolist() == [0, 5]
    assert histories.item.tolist() == [0, 1, 0, 1, 0]
    assert histories.age_days.tolist() == [2, 2, 1, 1, 0]


def test_what_a_shop_does_not_have_is_empty(context: FitContext) -> None:
    promotions, bundles = fit_promotions(context), fit_bundles(context)

    assert len(promotions.promotion_ids) == len(bundles.bundle_ids) == 0
    assert promotions.discount.indptr.tolist() == bundles.quantity.indptr.tolist() == [0]


def test_promotions_keep_their_days_and_discounts(shop: Tables) -> None:
    promotions = fit_promotions(make_context(shop))

    assert list(promotions.promotion_ids) == ["spring"]
    assert list(promotions.names) == ["Spring Offers"]
    # Local midnights in London: winter time, then summer time.
    starts, ends = (np.datetime64(day, "s").astype(np.int64) for day in ("2026-03-01", "2026-03-31"))
    assert promotions.starts_at.tolist() == [starts]
    assert ends - 3600 <= promotions.ends_at[0] < ends + 86_400
    items, discounts = promotions.discount.row(0)
    assert len(items) == 5
    assert discounts.tolist() == [0.2] * 5


def test_edges_of_other_tables_are_refused(context: FitContext, shop_edges: EdgeTables) -> None:
    other = replace(context, data=replace(context.data, edges=shop_edges))

    with pytest.raises(ValueError, match="run bundlegraph load"):
        fit_catalogue(other)
