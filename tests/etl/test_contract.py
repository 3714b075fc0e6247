"""Each rule of the import contract, with the reason that a shop reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from etl.contract import IngestError
from tests.etl.shop import Shop, day, rows

_AHEAD = (datetime.now(UTC) + timedelta(days=2)).isoformat()

_BAD_INTERACTIONS = {
    f",{day(1)},purchase,1,2.5": "item_id is missing",
    f"   ,{day(1)},purchase,1,2.5": "item_id is missing",
    "a,,purchase,1,2.5": "timestamp is missing",
    "a,yesterday,purchase,1,2.5": "timestamp is neither ISO 8601 nor seconds since 1970",
    "a,2026-02-30,purchase,1,2.5": "timestamp is neither ISO 8601 nor seconds since 1970",
    "a,infinity,purchase,1,2.5": "timestamp is neither ISO 8601 nor seconds since 1970",
    "a,1772359200000,purchase,1,2.5": "timestamp looks like milliseconds since 1970: "
    "give seconds, or ISO 8601",
    "a,1066-10-14,purchase,1,2.5": "timestamp lies before 1900",
    f"a,{_AHEAD},purchase,1,2.5": "timestamp lies more than a day ahead",
    f"a,{day(1)},bought,1,2.5": "event is none of purchase, cart, favourite, view: "
    "map it under [interactions.events] in mapping.toml",
    f"a,{day(1)},purchase,two,2.5": "quantity is not a number",
    f"a,{day(1)},purchase,nan,2.5": "quantity is not a finite number",
    f"a,{day(1)},purchase,0,2.5": "quantity is zero",
    f'a,{day(1)},purchase,1,"2,50"': "unit_price is not a number",
    f"a,{day(1)},purchase,1,-2.5": "unit_price is negative",
}


def test_each_bad_interaction_is_rejected_with_its_reason(shop: Shop) -> None:
    header, good = "item_id,timestamp,event,quantity,unit_price", f"good,{day(1)},purchase,1,2.5"
    shop.write(interactions="\n".join([header, good, *_BAD_INTERACTIONS, good]))

    report = shop.ingest(max_reject_share=0.99)

    assert shop.rejects() == [
        ("interactions", row, reason) for row, reason in enumerate(_BAD_INTERACTIONS.values(), start=2)
    ]
    assert report.rejects == {"interactions": len(_BAD_INTERACTIONS)}
    assert rows(report, "interactions", "item_id") == [("good",), ("good",)]


_SECOND_ROW_BAD = {
    "items": ("item_id,price\ni,1\nj,-1\n", "price is negative"),
    "users": ("user_id,city\nu,Rome\nu,Oslo\n", "user_id repeats an earlier row"),
    "bundles": ("bundle_id,discount\nb,0.1\nc,10\n", "discount is not a share between 0 and 1"),
    "bundle_items": ("bundle_id,item_id,quantity\nb,i,1\nb,j,0\n", "quantity is not above zero"),
    "bundle_interactions": ("user_id,bundle_id\nu,b\n,b\n", "user_id is missing"),
    "promotions": (
        "promotion_id,starts_at,ends_at\np,2026-01-01,2026-01-01\nq,2026-01-03,2026-01-01\n",
        "ends_at lies before starts_at",
    ),
    "promotion_items": (
        "promotion_id,item_id,discount\np,i,\np,j,-0.1\n",
        "discount is not a share between 0 and 1",
    ),
    "reviews": ("user_id,item_id,rating\nu,i,5\nu,i,five\n", "rating is not a number"),
    "item_links": (
        "item_id,related_item_id,kind\ni,j,accessory\nj,j,accessory\n",
        "an item is linked to itself",
    ),
}


def test_bad_rows_of_the_other_tables_are_rejected_with_their_reasons(shop: Shop) -> None:
    shop.write(
        interactions=f"item_id,timestamp\ni,{day(1)}\n",
        **{table: text for table, (text, _) in _SECOND_ROW_BAD.items()},
    )

    report = shop.ingest(max_reject_share=0.5)

    assert shop.rejects() == sorted((table, 2, reason) for table, (_, reason) in _SECOND_ROW_BAD.items())
    assert report.rejects == dict.fromkeys(_SECOND_ROW_BAD, 1)


@pytest.mark.parametrize(
    ("table", "text", "reason"),
    [
        ("items", "item_id,cost\ni,1\nj,?\n", "cost is not a number"),
        ("items", "item_id,in_stock\ni,yes\nj,perhaps\n", "in_stock is neither true nor false"),
        ("bundle_items", "bundle_id,item_id\nb,i\nb,i\n", "bundle_id and item_id repeat an earlier row"),
    ],
)
def test_other_faults_of_catalogue_rows(shop: Shop, table: str, text: str, reason: str) -> None:
    shop.write(interactions=f"item_id,timestamp\ni,{day(1)}\n", **{table: text})

    shop.ingest(max_reject_share=0.5)

    assert shop.rejects() == [(table, 2, reason)]


def test_a_repeated_key_keeps_its_first_good_row(shop: Shop) -> None:
    shop.write(
        interactions=f"item_id,timestamp\ni,{day(1)}\n",
        items="item_id,title,price\ni,Bad,-1\ni,First,1\ni,Second,2\n",
    )

    report = shop.ingest(max_reject_share=0.9)

    assert rows(report, "items", "item_id", "title") == [("i", "First")]
    assert shop.rejects() == [
        ("items", 1, "price is negative"),
        ("items", 3, "item_id repeats an earlier row"),
    ]


def test_a_repeated_event_id_is_rejected(shop: Shop) -> None:
    shop.write(interactions=f"item_id,timestamp,event_id\ni,{day(1)},e1\nj,{day(1)},e1\nj,{day(1)},\n")

    report = shop.ingest(max_reject_share=0.5)

    assert shop.rejects() == [("interactions", 2, "event_id repeats an earlier row")]
    assert report.rows["interactions"] == 2


def test_returns_are_counted_and_are_not_bad(shop: Shop) -> None:
    shop.write(interactions=f"item_id,timestamp,quantity,unit_price\ni,{day(1)},1,2\ni,{day(2)},-1,-2\n")

    report = shop.ingest(max_reject_share=0.0)

    assert report.returned == 1
    assert report.rejects == {}
    assert rows(report, "interactions", "quantity") == [(1.0,)]


def test_empty_cells_have_their_defaults(shop: Shop) -> None:
    shop.write(
        interactions=f"item_id,timestamp,event,quantity,user_id\ni,{day(1)},,,\n",
        items="item_id,in_stock\ni,\n",
        bundle_items="bundle_id,item_id,quantity\nb,i,\n",
    )

    report = shop.ingest()

    assert rows(report, "interactions", "event", "quantity", "user_id") == [("purchase", 1.0, None)]
    assert rows(report, "items", "in_stock") == [(True,)]
    assert rows(report, "bundle_items", "quantity") == [(1.0,)]


def test_more_than_the_allowed_share_of_bad_rows_is_refused_with_the_main_reason(shop: Shop) -> None:
    good, bad = f"i,{day(1)}\n", "i,1772359200000\n"
    shop.write(interactions="item_id,timestamp\n" + good * 18 + bad * 2)

    with pytest.raises(IngestError) as raised:
        shop.ingest()

    message = str(raised.value)
    assert message.startswith(
        "interactions: 2 of 20 rows are bad, a share above 0.05; most: timestamp looks like"
    )
    assert "milliseconds since 1970: give seconds, or ISO 8601 (2 rows, first: row 19)" in message
    assert "\n" not in message
    assert [row for _, row, _ in shop.rejects()] == [19, 20]
    assert not (shop.home / "tables").exists()


def test_exactly_the_allowed_share_of_bad_rows_is_accepted(shop: Shop) -> None:
    shop.write(interactions="item_id,timestamp\n" + f"i,{day(1)}\n" * 19 + "i,\n")

    assert shop.ingest().rejects == {"interactions": 1}
