from __future__ import annotations

from datetime import UTC, date, datetime

from etl.baskets import read_baskets
from tests.etl.shop import Shop, rows


def test_a_users_purchases_of_one_local_day_are_one_basket(shop: Shop) -> None:
    # 04:30 UTC on the 2nd is 23:30 on the 1st in New York.
    shop.write(
        mapping='timezone = "America/New_York"\n',
        interactions="item_id,timestamp,user_id,event\n"
        "a,2026-03-01T15:00:00Z,u,purchase\n"
        "b,2026-03-02T04:30:00Z,u,purchase\n"
        "c,2026-03-02T15:00:00Z,u,purchase\n"
        "d,2026-03-01T15:00:00Z,v,purchase\n"
        "e,2026-03-01T15:00:00Z,,purchase\n"
        "f,2026-03-01T15:00:00Z,u,view\n",
    )

    report = shop.ingest()

    found = dict(rows(report, "interactions", "item_id", "basket_id"))
    assert found["a"] == found["b"]
    assert len({found[item] for item in "acd"}) == 3
    assert found["e"] is None
    assert found["f"] is None
    assert report.tables.manifest.num_baskets == 3


def test_the_shops_own_baskets_stay_and_anonymous_ones_count(shop: Shop) -> None:
    shop.write(
        interactions="item_id,timestamp,user_id,basket_id\n"
        "a,2026-03-01T15:00:00Z,u,0001\n"
        "b,2026-03-01T16:00:00Z,u,0002\n"
        "c,2026-03-01T16:00:00Z,,till/7\n"
    )

    report = shop.ingest()

    assert rows(report, "interactions", "basket_id") == [("0001",), ("0002",), ("till/7",)]
    assert report.tables.manifest.num_baskets == 3
    assert report.rows["users"] == 1


def test_a_basket_id_that_looks_like_one_of_ours_is_refused(shop: Shop) -> None:
    shop.write(interactions="item_id,timestamp,basket_id\na,2026-03-01,made:x\nb,2026-03-01,x\n").ingest(
        max_reject_share=0.5
    )

    assert shop.rejects() == [("interactions", 1, "basket_id starts with made:, which is reserved")]


def test_a_gap_longer_than_the_window_begins_a_new_basket(shop: Shop) -> None:
    shop.write(
        interactions="item_id,timestamp,user_id\n"
        "a,2026-03-01T10:00:00Z,u\n"
        "b,2026-03-01T10:30:00Z,u\n"
        "c,2026-03-01T11:00:00Z,u\n"
        "d,2026-03-01T11:30:01Z,u\n"
        "e,2026-03-01T10:10:00Z,v\n"
    )

    report = shop.ingest(basket_window="30m")

    found = dict(rows(report, "interactions", "item_id", "basket_id"))
    assert found["a"] == found["b"] == found["c"]
    assert len({found["a"], found["d"], found["e"]}) == 3
    assert found["d"].endswith(":2026-03-01T11:30:01Z")


def test_baskets_are_read_a_row_an_item_within_a_span(shop: Shop) -> None:
    shop.write(
        interactions="item_id,timestamp,user_id,basket_id,quantity,event\n"
        "b,2026-03-01T10:00:00Z,u,1,2,purchase\n"
        "a,2026-03-01T10:00:05Z,u,1,1,purchase\n"
        "b,2026-03-01T10:00:09Z,u,1,1,purchase\n"
        "a,2026-03-03T10:00:00Z,,3,1,purchase\n"
        "a,2026-03-02T10:00:00Z,u,2,1,purchase\n"
        "z,2026-03-02T10:00:00Z,u,2,1,cart\n"
    )
    tables = shop.ingest().tables
    second, third = (datetime(2026, 3, number, 10, tzinfo=UTC) for number in (2, 3))

    baskets = read_baskets(tables)

    assert baskets.column_names == [
        "basket_id", "item_id", "user_id", "timestamp", "local_date", "quantity",
    ]  # fmt: skip
    found = [(row["basket_id"], row["item_id"], row["quantity"]) for row in baskets.to_pylist()]
    assert found == [("1", "a", 1), ("1", "b", 2 + 1), ("2", "a", 1), ("3", "a", 1)]
    first = baskets.to_pylist()[0]
    assert first["timestamp"] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert first["local_date"] == date(2026, 3, 1)
    assert baskets.to_pylist()[-1]["user_id"] is None
    assert read_baskets(tables, since=second, until=third).column("basket_id").to_pylist() == ["2"]


def test_two_spans_that_meet_share_no_basket_and_no_event(shop: Shop) -> None:
    shop.write(
        interactions="item_id,timestamp,basket_id\n"
        "a,2026-03-01T10:00:00Z,1\nb,2026-03-01T12:00:00Z,1\nc,2026-03-01T13:00:00Z,2\n"
    )
    tables, cut = shop.ingest().tables, datetime(2026, 3, 1, 11, tzinfo=UTC)

    before, after = read_baskets(tables, until=cut), read_baskets(tables, since=cut)

    assert before.column("item_id").to_pylist() == ["a"]
    assert after.column("item_id").to_pylist() == ["c"]
