from collections.abc import Mapping
from dataclasses import replace

import pytest

from cli.measured import print_metrics
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

METRICS: dict[str, object] = {
    "protocol": {"num_test_queries": 1234, "test_from": "2017-12-01", "num_ranked": 77},
    "test": {"served": {"ndcg@20": 0.25, "hr@20": 0.5}, "popularity": {"ndcg@20": 0.125, "hr@20": 0.25}},
    "served_minus": {"popularity": {"difference": 0.125, "low": 0.1, "high": 0.15}},
}
CATEGORIES = {
    "num_pairs": {"all": 4321, "rare": 210},
    "deviance": {"popularity": {"all": 9.75, "rare": 3.5}, "category_links": {"all": 1.25, "rare": 0.75}},
}


def printed(metrics: Mapping[str, object], capsys: pytest.CaptureFixture[str]) -> str:
    info = make_artifact(PlantedShop(items=[PlantedItem("dice")])).info
    print_metrics(replace(info, metrics=dict(metrics)))
    return capsys.readouterr().out


def rows_of(text: str, model: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.split()[:1] == [model]]


def test_models_stand_beside_the_served_one_and_how_far_it_is_ahead(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(METRICS, capsys)

    assert "1,234 baskets from 2017-12-01 on, ranked among 77 items" in text
    assert rows_of(text, "popularity")[0][-4:] == ["+0.1250", "(+0.1000", "to", "+0.1500)"]
    assert "categories" not in text


def test_links_of_categories_are_a_table_of_deviances(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(METRICS | {"categories": CATEGORIES}, capsys)

    assert "all (4,321 pairs)" in text
    assert "rare (210 pairs)" in text
    assert [float(value) for value in rows_of(text, "category_links")[0][1:]] == [1.25, 0.75]
    assert [float(value) for value in rows_of(text, "popularity")[1][1:]] == [9.75, 3.5]


def test_where_no_pair_is_rare_its_column_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    categories = {"num_pairs": {"all": 60, "rare": 0}, "deviance": {"category_links": {"all": 1.25}}}

    text = printed(METRICS | {"categories": categories}, capsys)

    assert "all (60 pairs)" in text
    assert "rare" not in text
    assert rows_of(text, "category_links") == [["category_links", "1.2500"]]


def test_without_metrics_a_line_gives_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed({}, capsys) == "Nothing was measured: too little data\n"
