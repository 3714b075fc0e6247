"""Planted shops: exports that are written, ingested and turned into edge tables as a shop's are."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from etl.ingest import IngestOptions, ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.tables import Tables
from gnn.config import DEMO, TrainingConfig
from gnn.data.purchases import Purchases, choose_ranked, read_purchases
from graph.edges import EdgeTables, edge_tables
from tests.gnn.planted_choices import two_tastes
from tests.gnn.planted_sequences import next_items, sequence_artifact, sequence_context, sequence_stage
from tests.shop_export import write_shop_export

#: A key of its own would put the customers in another order each run, and training draws by order.
KEY = "one key for all runs of these tests"

#: item_id, timestamp, user_id, basket_id
Line = tuple[str, str, str, str]
MakeTables = Callable[..., Tables]


__all__ = [
    "next_items",
    "sequence_artifact",
    "sequence_context",
    "sequence_stage",
    "two_tastes",
]


@pytest.fixture(scope="session")
def make_tables(tmp_path_factory: pytest.TempPathFactory) -> MakeTables:
    """Makes the tables of an export of `lines`, and of `items` (item_id, category, brand) if any."""

    def make(
        lines: Sequence[Line], items: Sequence[tuple[str, str, str]] = (), *, min_baskets: int = 1
    ) -> Tables:
        folder = tmp_path_factory.mktemp("export")
        _write(folder / "interactions.csv", ["item_id", "timestamp", "user_id", "basket_id"], lines)
        if items:
            _write(folder / "items.csv", ["item_id", "category", "brand"], items)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(KEY_VARIABLE, KEY)
            options = IngestOptions(min_baskets=min_baskets)
            return ingest(str(folder), folder / "home", options=options).tables

    return make


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """1,500 orders of 120 customers: 5 meals of 4 items; three in five orders are the favourite meal."""
    folder = tmp_path_factory.mktemp("shop")
    write_shop_export(folder / "export", dirt=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        return ingest(str(folder / "export"), folder / "home").tables


@pytest.fixture(scope="session")
def shop_edges(shop: Tables) -> EdgeTables:
    """The graph of `shop`."""
    return edge_tables(shop)


@pytest.fixture(scope="session")
def shop_purchases(shop: Tables, shop_edges: EdgeTables) -> Purchases:
    """All of the shop's purchases, columns: ranked indices, which are all items."""
    purchases = read_purchases(shop, shop_edges)
    return purchases.of_items(choose_ranked(purchases, min_item_baskets=1))


@pytest.fixture(scope="session")
def tiny_config() -> TrainingConfig:
    """Seconds on the shop above."""
    return replace(DEMO, name="tiny", embedding_dim=8, max_epochs=2, batch_size=128, device="cpu")


def _write(file: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        writer.writerows(rows)
