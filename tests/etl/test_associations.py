"""Associations compared with figures by hand, and with an independent count in pandas."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from math import log
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.associations import count_category_pairs, count_co_purchases
from tests.etl.shop import Shop, day, rows

_ITEMS = "item_id,category\na,Food > Bread\nb,Food > Jam\nc,Home\nd,\n"
#: Baskets 1 to 5, one a day.
_BASKETS = ["ab", "abc", "a", "bc", "d"]


def _lines(baskets: list[str]) -> str:
    lines = [
        f"{item},{day(number)},{number}\n"
        for number, basket in enumerate(baskets, start=1)
        for item in basket
    ]
    return "item_id,timestamp,basket_id\n" + "".join(lines)


def test_a_pairs_figures_are_those_of_the_formulas(shop: Shop) -> None:
    report = shop.write(interactions=_lines(_BASKETS), items=_ITEMS).ingest()

    pairs = {
        (pair["from_item_id"], pair["to_item_id"]): pair
        for pair in report.tables.read("co_purchases").to_pylist()
    }

    assert list(pairs) == [("a", "b"), ("a", "c"), ("b", "c")]
    pair = pairs["a", "b"]
    assert pair["baskets"] == 2
    assert pair["support"] == pytest.approx(2 / 5)
    assert pair["confidence_forward"] == pytest.approx(2 / 3)
    assert pair["confidence_backward"] == pytest.approx(2 / 3)
    assert pair["lift"] == pytest.approx((2 / 5) / ((3 / 5) * (3 / 5)))
    assert pair["npmi"] == pytest.approx(log((2 / 5) / ((3 / 5) * (3 / 5))) / -log(2 / 5))
    assert pairs["a", "c"]["confidence_forward"] == pytest.approx(1 / 3)
    assert pairs["a", "c"]["confidence_backward"] == pytest.approx(1 / 2)


def test_categories_are_counted_at_level_0_once_a_basket(shop: Shop) -> None:
    report = shop.write(interactions=_lines(_BASKETS), items=_ITEMS).ingest()

    assert rows(report, "category_pairs", "from_category_id", "to_category_id", "baskets") == [
        ("Food", "Home", 2)
    ]
    assert rows(report, "category_pairs", "lift", "confidence_forward") == [
        (pytest.approx((2 / 5) / ((4 / 5) * (2 / 5))), pytest.approx(2 / 4))
    ]


def test_a_pair_needs_its_minimum_of_baskets(shop: Shop) -> None:
    report = shop.write(interactions=_lines(_BASKETS), items=_ITEMS).ingest(min_baskets=2)

    assert rows(report, "co_purchases", "from_item_id", "to_item_id") == [("a", "b"), ("b", "c")]


def test_what_is_always_bought_together_has_npmi_1(shop: Shop) -> None:
    always = shop.write(interactions=_lines(["ab", "ab"])).ingest()
    assert rows(always, "co_purchases", "lift", "npmi") == [(1.0, 1.0)]

    mostly = shop.write(interactions=_lines(["ab", "ab", "c"])).ingest(replace=True)
    assert rows(mostly, "co_purchases", "npmi") == [(pytest.approx(1.0),)]


def test_only_what_came_before_the_cut_is_counted(shop: Shop) -> None:
    tables = shop.write(interactions=_lines(_BASKETS), items=_ITEMS).ingest().tables
    cut = datetime(2026, 3, 3, tzinfo=UTC)

    pairs = count_co_purchases(tables, until=cut).to_pylist()

    assert [(pair["from_item_id"], pair["to_item_id"], pair["baskets"]) for pair in pairs] == [
        ("a", "b", 2), ("a", "c", 1), ("b", "c", 1),
    ]  # fmt: skip
    assert pairs[0]["support"] == 2 / 2
    assert count_category_pairs(tables, until=cut).column("support").to_pylist() == [1 / 2]
    assert count_co_purchases(tables, until=datetime(2020, 1, 1, tzinfo=UTC)).num_rows == 0


def test_without_purchases_the_strongest_event_is_counted_and_named(shop: Shop) -> None:
    shop.write(
        interactions="item_id,timestamp,user_id,event\n"
        f"a,{day(1)},u,cart\nb,{day(1)},u,cart\nc,{day(1)},u,view\nd,{day(1)},u,favourite\n"
    )

    report = shop.ingest()

    assert report.tables.manifest.association_event == "cart"
    assert rows(report, "co_purchases", "from_item_id", "to_item_id") == [("a", "b")]
    assert "no purchase in interactions: associations count cart events" in report.warnings


_RANDOM_BASKETS = st.lists(
    st.lists(st.sampled_from(["b", "B", "10", "9", "é", "a/b"]), min_size=1, max_size=5),
    min_size=1,
    max_size=12,
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(baskets=_RANDOM_BASKETS, min_baskets=st.integers(1, 3))
def test_pairs_equal_an_independent_count(
    tmp_path_factory: pytest.TempPathFactory, baskets: list[list[str]], min_baskets: int
) -> None:
    base: Path = tmp_path_factory.mktemp("pairs")
    shop = Shop(base / "export", base / "home")
    lines = [f"{item},{day(1)},{number}" for number, basket in enumerate(baskets) for item in basket]
    shop.write(interactions="\n".join(["item_id,timestamp,basket_id", *lines]))

    report = shop.ingest(min_baskets=min_baskets)

    sold = [(number, item) for number, basket in enumerate(baskets) for item in basket]
    expected = independent_pairs(pd.DataFrame(sold, columns=["basket", "item"]))
    expected = expected[expected["baskets"] >= min_baskets].reset_index(drop=True)
    found = report.tables.read("co_purchases").to_pandas()
    assert list(zip(found["from_item_id"], found["to_item_id"], strict=True)) == list(
        zip(expected["low"], expected["high"], strict=True)
    )
    for column in ("baskets", "support", "lift", "confidence_forward", "confidence_backward"):
        assert found[column].tolist() == pytest.approx(expected[column].tolist())


def independent_pairs(lines: pd.DataFrame) -> pd.DataFrame:
    """Pairs of `lines` (basket, item), counted pair by pair in Python."""
    distinct = lines.drop_duplicates()
    num_baskets = distinct["basket"].nunique()
    single = distinct["item"].value_counts()
    counts: dict[tuple[str, str], int] = {}
    for _, items in distinct.groupby("basket")["item"]:
        for pair in itertools.combinations(sorted(items), 2):
            counts[pair] = counts.get(pair, 0) + 1
    return pd.DataFrame(
        [
            {
                "low": low,
                "high": high,
                "baskets": count,
                "support": count / num_baskets,
                "lift": count * num_baskets / (single[low] * single[high]),
                "confidence_forward": count / single[low],
                "confidence_backward": count / single[high],
            }
            for (low, high), count in sorted(counts.items())
        ],
        columns=["low", "high", "baskets", "support", "lift", "confidence_forward", "confidence_backward"],
    )
