"""What is fitted follows from all that a shop sold, not from the part of it that is ranked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from gnn.config import TrainingConfig
from gnn.train import train
from graph.edges import edge_tables
from tests.gnn.conftest import Line, MakeTables


def test_a_shop_of_baskets_stays_one_where_most_of_what_they_hold_is_too_rare_to_rank(
    make_tables: MakeTables, tmp_path: Path, tiny_config: TrainingConfig
) -> None:
    # Nine baskets of ten hold one of twelve common items and one that is bought this once; the tenth holds
    # four common ones. All hold 2.2 items in the mean, of ranked items they hold 1.3.
    lines: list[Line] = []
    for basket in range(600):
        at = f"{date(2024, 1, 1) + timedelta(days=basket // 20)}T12:00:00Z"
        items = [f"common{(basket + step) % 12:02}" for step in range(4)]
        if basket % 10:
            items = [items[0], f"rare{basket:03}"]
        lines += [(item, at, f"user{basket % 50:02}", str(basket)) for item in items]
    tables = make_tables(lines)

    artifact = train(tables, edge_tables(tables), tmp_path, config=replace(tiny_config, min_item_baskets=5))

    assert artifact.info.kind == "gnn"
    assert not artifact.sequence_model.is_fitted
    assert str(artifact.info.metrics["protocol"]["task"]).startswith("complete a basket")  # type: ignore[index]  # a dict
