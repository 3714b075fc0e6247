"""Derived data: items, prices, the category tree, and unlisted parents."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.contract import IngestError
from tests.etl.shop import Shop, day, rows

_SOLD = (
    f"item_id,timestamp,unit_price\nx,{day(1)},1\nx,{day(2)},4\nx,{day(3)},2\nx,{day(3)},0\ny,{day(1)},0\n"
)


def test_without_items_those_of_interactions_are_used_with_a_warning(shop: Shop) -> None:
    report = shop.write(interactions=_SOLD).ingest()

    assert rows(report, "items", "item_id", "title", "category_id", "listed", "in_stock") == [
        ("x", None, None, False, True), ("y", None, None, False, True),
    ]  # fmt: skip
    assert report.warnings == [
        "no items table: the items are those of interactions, and category features are off"
    ]


def test_a_missing_price_is_the_median_line_price(shop: Shop) -> None:
    shop.write(interactions=_SOLD, items="item_id,price\nx,\ny,\nz,\nw,0.5\n")

    report = shop.ingest()

    # A line of price 0 is a gift, and what was never sold for money has no price.
    assert rows(report, "items", "item_id", "price", "price_given") == [
        ("w", 0.5, True), ("x", 2.0, False), ("y", None, False), ("z", None, False),
    ]  # fmt: skip


def test_an_item_that_is_not_listed_is_kept_and_counted(shop: Shop) -> None:
    shop.write(interactions=_SOLD, items="item_id,title\nx,X\ncold,Never sold\n")

    report = shop.ingest()

    assert rows(report, "items", "item_id", "title", "listed") == [
        ("cold", "Never sold", True), ("x", "X", True), ("y", None, False),
    ]  # fmt: skip
    assert report.warnings == ["1 items are not in items: kept without title and category"]


def test_every_ancestor_of_a_category_is_a_row_and_a_name_may_stand_twice(shop: Shop) -> None:
    shop.write(
        interactions=_SOLD,
        items="item_id,category\nx,Grocery > Dairy > Milk\ny,Pets>Dairy\nz,\nv, > Grocery \n",
    )

    report = shop.ingest()

    assert rows(report, "items", "item_id", "category_id") == [
        ("v", "Grocery"), ("x", "Grocery > Dairy > Milk"), ("y", "Pets > Dairy"), ("z", None),
    ]  # fmt: skip
    assert rows(report, "categories", "category_id", "name", "level", "parent_id") == [
        ("Grocery", "Grocery", 0, None),
        ("Grocery > Dairy", "Dairy", 1, "Grocery"),
        ("Grocery > Dairy > Milk", "Milk", 2, "Grocery > Dairy"),
        ("Pets", "Pets", 0, None),
        ("Pets > Dairy", "Dairy", 1, "Pets"),
    ]


def test_ids_that_only_other_tables_contain_get_a_row_with_a_key(shop: Shop) -> None:
    shop.write(
        interactions=_SOLD,
        items="item_id,title\nx,X\ny,Y\n",
        bundle_items="bundle_id,item_id\nb,p\n",
        bundle_interactions="user_id,bundle_id\nu,c\n",
        promotion_items="promotion_id,item_id\ns,q\n",
        reviews="user_id,item_id,text,rating\nv,r,Good,5\n",
        item_links="item_id,related_item_id,kind\nx,t,accessory\n",
    )

    report = shop.ingest()

    assert [item for (item,) in rows(report, "items", "item_id")] == ["p", "q", "r", "t", "x", "y"]
    assert rows(report, "bundles", "bundle_id", "title") == [("b", None), ("c", None)]
    assert rows(report, "promotions", "promotion_id", "starts_at") == [("s", None)]
    assert rows(report, "reviews", "item_id", "text", "rating") == [("r", "Good", 5.0)]
    assert report.rows["users"] == 2
    assert report.warnings == [
        "4 items are not in items: kept without title and category",
        "2 bundles are not in bundles: kept without title and dates",
        "1 promotions are not in promotions: kept without title and dates",
    ]


def test_vectors_of_another_length_than_existing_ones_are_refused(shop: Shop) -> None:
    shop.write(interactions=_SOLD)
    vectors = shop.folder / "item_vectors.parquet"
    pq.write_table(pa.table({"item_id": ["x"], "vector": [[1.0, 2.0]]}), vectors)
    shop.ingest()
    pq.write_table(pa.table({"item_id": ["y"], "vector": [[1.0]]}), vectors)

    with pytest.raises(
        IngestError, match="item_vectors: expected one length for all, found 1, 2 in the export"
    ):
        shop.ingest()
