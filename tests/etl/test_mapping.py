from __future__ import annotations

from pathlib import Path

import pytest

from etl.contract import IngestError
from etl.mapping import TableMapping, read_mapping


def test_a_mapping_file_sets_zone_currency_files_columns_and_events(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text("""
        timezone = "Europe/London"
        currency = "GBP"
        [interactions]
        file = "orders.csv"
        delimiter = ";"
        [interactions.columns]
        item_id = "StockCode"
        [interactions.events]
        order = "purchase"
    """)

    mapping = read_mapping(file)

    assert (mapping.timezone, mapping.currency) == ("Europe/London", "GBP")
    assert mapping.table("interactions") == TableMapping(
        file="orders.csv", delimiter=";", columns={"item_id": "StockCode"}, events={"order": "purchase"}
    )
    assert mapping.table("items") == TableMapping()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timezone = 'Middle/Earth'", "timezone: there is no time zone 'Middle/Earth': use an IANA name"),
        ("[orders]", "there is no table 'orders', only interactions, items,"),
        ("[items.columns]\ntitel = 'x'", "items has no column 'titel', only item_id, title,"),
        ("[items]\nseparator = ';'", "items.separator: Extra inputs are not permitted"),
        ("[items]\ndelimiter = ';;'", "items.delimiter: String should have at most 1 character"),
        ("[interactions.events]\norder = 'bought'", "interactions.events.order: Input should be 'purchase',"),
        ("timezone = ", "cannot read mapping file"),
    ],
)
def test_a_wrong_mapping_is_refused_in_one_line_that_names_the_place(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(text)

    with pytest.raises(IngestError) as raised:
        read_mapping(file)

    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_mapping_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"cannot read mapping file .*none\.toml"):
        read_mapping(tmp_path / "none.toml")
