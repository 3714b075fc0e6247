"""Planted edges are those that the product counts from the same tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.tables import TableFile, Tables
from graph.edges import edge_tables
from tests.planted_shop import GROCERY
from tests.planted_tables import AS_OF, MemoryTables, PlantedShop, planted_edges, planted_tables


def write(tables: MemoryTables, folder: Path) -> Tables:
    files = {}
    for name, table in tables.contents.items():
        pq.write_table(table, folder / f"{name}.parquet")
        files[name] = TableFile(f"{name}.parquet", table.num_rows, "")
    return Tables(folder, replace(tables.manifest, tables=files))


@pytest.mark.parametrize(
    "shop",
    [GROCERY, replace(GROCERY, association_event="view", min_baskets=40), PlantedShop(items=[])],
    ids=["purchases", "views", "nothing"],
)
def test_planted_edges_are_those_counted_from_the_tables(shop: PlantedShop, tmp_path: Path) -> None:
    tables = planted_tables(shop)

    planted = planted_edges(shop, tables)

    # With an end, pairs are counted; without one they are read as an ingest wrote them.
    counted = edge_tables(write(tables, tmp_path), until=AS_OF + timedelta(days=1))
    assert planted.nodes.keys() == counted.nodes.keys()
    assert planted.edges.keys() == counted.edges.keys()
    for label, nodes in planted.nodes.items():
        left = {"User": ["first_seen", "last_seen"], "Item": ["margin", "baskets_by_week"]}.get(label, [])
        assert nodes.drop_columns(left).equals(counted.nodes[label].drop_columns(left)), label
    for edge_type, edges in planted.edges.items():
        assert rounded(edges) == rounded(counted.edges[edge_type]), edge_type


def rounded(table: pa.Table) -> list[dict[str, object]]:
    return [
        {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()}
        for row in table.to_pylist()
    ]
