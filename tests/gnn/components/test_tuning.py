"""What judging asks for, and what it does not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from etl.tables import Tables
from gnn.components import tuning as judging
from gnn.components.tuning import judge
from gnn.config import TrainingConfig
from gnn.data.training_data import split_by_time
from gnn.network.training import no_progress
from tests.gnn.conftest import Line, MakeTables


class ContentReadError(Exception):
    """The content of items was asked for."""


@pytest.fixture
def _no_content(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ContentReadError

    monkeypatch.setattr(judging, "read_content", refuse)


def shop_of(make_tables: MakeTables, *items: str) -> Tables:
    """Sixty baskets of bread and butter on ten days, by a shop that lists `items`."""
    lines: list[Line] = [
        (
            item,
            f"{date(2024, 1, 1) + timedelta(days=basket // 6)}T12:00:00Z",
            f"user{basket % 5}",
            str(basket),
        )
        for basket in range(60)
        for item in ("bread", "butter")
    ]
    return make_tables(lines, [(item, "Food", "") for item in items])


def judge_shop(tables: Tables, config: TrainingConfig, folder: Path) -> None:
    judge(
        tables,
        split=split_by_time(tables, config=config),
        is_sequence=False,
        config=config,
        checkpoint=folder / "judged.pt",
        text_cache=None,
        progress=no_progress,
    )


@pytest.mark.usefixtures("_no_content")
def test_content_is_not_read_where_the_shop_has_sold_all_that_it_lists(
    make_tables: MakeTables, tmp_path: Path, tiny_config: TrainingConfig
) -> None:
    judge_shop(shop_of(make_tables, "bread", "butter"), tiny_config, tmp_path)


@pytest.mark.usefixtures("_no_content")
def test_content_is_read_where_an_item_was_never_sold(
    make_tables: MakeTables, tmp_path: Path, tiny_config: TrainingConfig
) -> None:
    with pytest.raises(ContentReadError):
        judge_shop(shop_of(make_tables, "bread", "butter", "jam"), tiny_config, tmp_path)
