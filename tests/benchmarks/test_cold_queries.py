from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.quality.cold_baselines import fit_cold_baselines, popularity_in_categories
from benchmarks.quality.cold_queries import draw_cold, hide_one, without_lines
from etl.ingest import ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.tables import Tables
from gnn.data.purchases import choose_ranked, read_purchases
from graph.edges import edge_tables
from tests.shop_export import write_shop_export

SINCE = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("shop")
    write_shop_export(folder / "export", dirt=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
        return ingest(str(folder / "export"), folder / "home").tables


def test_no_line_of_a_cold_item_is_left_and_the_item_stays_in_the_catalogue(
    shop: Tables, tmp_path: Path
) -> None:
    edges = edge_tables(shop)
    catalogue = choose_ranked(read_purchases(shop, edges), min_item_baskets=1)
    cold = draw_cold(edges, catalogue)

    without = without_lines(
        shop, edges.nodes["Item"]["item_id"].take(pa.array(cold)).combine_chunks(), folder=tmp_path / "f"
    )

    known = read_purchases(without, edge_tables(without, until=datetime(2100, 1, 1, tzinfo=UTC)))
    assert len(cold) == len(catalogue) // 10 >= 1
    assert (known.item_baskets[cold] == 0).all()
    assert (known.item_baskets[np.setdiff1d(catalogue, cold)] > 0).all()
    assert without.read("items")["item_id"].equals(shop.read("items")["item_id"])


@pytest.mark.parametrize("hides_cold", [True, False])
def test_hidden_items_are_of_the_requested_kind_and_no_cart_holds_a_cold_item(
    shop: Tables, hides_cold: bool
) -> None:
    edges = edge_tables(shop)
    catalogue = choose_ranked(read_purchases(shop, edges), min_item_baskets=1)
    cold = draw_cold(edges, catalogue)

    queries = hide_one(shop, edges, catalogue, cold, since=SINCE, hides_cold=hides_cold)

    is_cold = np.isin(catalogue, cold)
    assert len(queries) > 0
    assert (is_cold[queries.hidden] == hides_cold).all()
    assert not is_cold[queries.carts.indices].any()
    assert np.diff(queries.carts.indptr).min() >= 1
    assert not queries.carts[np.arange(len(queries)), queries.hidden].any()


def test_a_cold_item_has_the_mean_popularity_of_its_category(shop: Tables) -> None:
    edges = edge_tables(shop)
    catalogue = choose_ranked(read_purchases(shop, edges), min_item_baskets=1)
    queries = hide_one(shop, edges, catalogue, draw_cold(edges, catalogue), since=SINCE, hides_cold=True)[:2]
    category = np.zeros(len(catalogue), dtype=np.int32)
    baskets = np.full(len(catalogue), 7)
    baskets[queries.hidden[0]] = 0

    scores = popularity_in_categories(category, baskets)(queries)

    assert scores[0].tolist() == [7.0 * queries.carts[0].nnz] * len(catalogue)


def test_every_baseline_scores_every_item(shop: Tables) -> None:
    edges = edge_tables(shop)
    purchases = read_purchases(shop, edges)
    catalogue = choose_ranked(purchases, min_item_baskets=1)
    queries = hide_one(shop, edges, catalogue, draw_cold(edges, catalogue), since=SINCE, hides_cold=True)[:3]

    models = fit_cold_baselines(shop, edges, catalogue, purchases.item_baskets)

    assert len(models) == 3
    assert all(score(queries).shape == (3, len(catalogue)) for score in models.values())
